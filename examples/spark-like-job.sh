#!/usr/bin/env bash
# Prints what a Spark driver prints, some 200 lines a second: log lines and a progress bar on stderr, results on stdout, JSON, characters
# of several languages, and at last a Python traceback. Exit code 1, as of a driver whose application failed.
#
#   examples/spark-like-job.sh [SECONDS]      default: 20
set -euo pipefail

seconds=${1:-20}
case $seconds in
  '' | *[!0-9]* | 0*) echo "spark-like-job.sh: SECONDS must be a whole number from 1, not '$seconds'." >&2; exit 2 ;;
esac
lines_per_second=200
total=$((seconds * lines_per_second))
bar='========================================'
gap='                                        '

log() { # LEVEL LOGGER MESSAGE
  printf '%(%y/%m/%d %H:%M:%S)T %s %s: %s\n' -1 "$1" "$2" "$3" >&2
}

# Ends in a carriage return: the next line overwrites the bar.
progress() { # DONE
  local filled=$((${#bar} * $1 / total))
  printf '\r[Stage 1:%s>%s(%d + 2) / %d]\r' "${bar:0:filled}" "${gap:filled}" "$1" "$total" >&2
}

# Microseconds since the start, as a number.
elapsed() {
  local now=${EPOCHREALTIME//[.,]/}
  REPLY=$((now - started))
}

started=${EPOCHREALTIME//[.,]/}
log INFO SparkContext 'Running Spark version 3.5.1'
log INFO Utils "Successfully started service 'SparkUI' on port 4040."
log WARN NativeCodeLoader 'Unable to load native-hadoop library for your platform... using builtin-java classes where applicable'

names=(Zürich Kraków 東京 Αθήνα 'São Paulo' Đà\ Nẵng القاهرة 🚆)
for ((done = 0; done < total; )); do
  # As many lines as are due by now, so that a busy machine prints later, not less.
  elapsed
  due=$((REPLY * lines_per_second / 1000000))
  for (( ; done < due && done < total; done++)); do
    case $((done % 50)) in
      0) printf '{"event":"stage_progress","stage":1,"done":%d,"of":%d,"station":"%s"}\n' "$done" "$total" "${names[done / 50 % ${#names[@]}]}" ;;
      25) printf '| %-12s | %10d |\n' "${names[done / 50 % ${#names[@]}]}" $((done * 7919 % 100000)) ;;
      40) log WARN TaskSetManager "Lost task $done.0 in stage 1.0 (TID $done) (executor 1): ExecutorLostFailure; it runs again" ;;
      *) log INFO TaskSetManager "Finished task $done.0 in stage 1.0 (TID $done) in $((done * 37 % 900 + 20)) ms on executor $((done % 4)) ($done/$total)" ;;
    esac
  done
  progress "$done"
  sleep 0.05
done

printf '\n' >&2
log ERROR Executor 'Exception in task 199.0 in stage 2.0 (TID 4199)'
cat >&2 <<'TRACEBACK'
Traceback (most recent call last):
  File "/opt/jobs/timetable.py", line 42, in <module>
    timetable.groupBy("station").agg(mean_delay("minutes")).write.parquet(target)
  File "/opt/jobs/timetable.py", line 17, in mean_delay
    return sum(minutes) / len(minutes)
ZeroDivisionError: division by zero
TRACEBACK
log INFO ShutdownHookManager 'Shutdown hook called'
exit 1
