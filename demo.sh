#!/usr/bin/env bash
# The whole of it in one terminal: a relay in a temporary folder, a job that prints like a Spark driver under relay-writer, and the log
# as 'relay tail' brings it. Needs the .NET 10 SDK. Nothing stays behind; Ctrl+C ends it early.
#
#   ./demo.sh                  builds, then runs for about 20 seconds
#   ./demo.sh --seconds 60     a longer job
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=20
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:-}; shift 2 || shift ;;
    --seconds=*) seconds=${1#*=}; shift ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "demo.sh: unknown argument '$1'; there is only --seconds N." >&2; exit 2 ;;
  esac
done
case $seconds in
  '' | *[!0-9]* | 0*) echo "demo.sh: --seconds must be a whole number from 1, not '$seconds'." >&2; exit 2 ;;
esac
command -v dotnet >/dev/null || { echo "demo.sh: the .NET 10 SDK is needed (https://dot.net); there is no 'dotnet' in PATH." >&2; exit 2; }

bold='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
say() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/relay-demo.XXXXXX")
relay='' writer='' tail=''

# Whatever is still there is ended by its own id: readers first, the relay last, so that the writer can still deliver.
finish() {
  local pid
  trap '' INT TERM HUP
  for pid in $tail $writer $relay; do
    kill -TERM "$pid" 2>/dev/null || continue
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap finish EXIT
trap 'echo; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 RELAY_SPOOL=$folder/spool
say "Building (once; half a minute on a fresh checkout) ..."
for project in Relay.Server Relay.Writer Relay.Cli; do
  dotnet build -c Release -v quiet "$project" >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; exit 1; }
done

program() { # PROJECT ASSEMBLY ARGUMENTS...
  exec dotnet "$1/bin/Release/net10.0/$2.dll" "${@:3}"
}

# Port 0: the system chooses a free one, and the relay's log says which. The log is there before the relay is.
: >"$folder/relay.log"
program Relay.Server Relay.Server --host 127.0.0.1 --port 0 --data "$folder/data" </dev/null >"$folder/relay.log" 2>&1 &
relay=$!
url=
for _ in $(seq 300); do
  url=$(sed -n '/Now listening on: /{s/.*Now listening on: [^h]*\(http:[0-9./:]*\).*/\1/p;q;}' "$folder/relay.log")
  if [ -n "$url" ] || ! kill -0 "$relay" 2>/dev/null; then break; fi
  sleep 0.1
done
[ -n "$url" ] || { cat "$folder/relay.log" >&2; echo "demo.sh: the relay did not start; its log is above." >&2; exit 1; }

say "A relay listens on $url. A job runs under 'relay-writer run --session demo', its output sent to /dev/null:"
say "all you see from here on comes from the relay, by 'relay tail demo --wait'."
program Relay.Writer relay-writer run --session demo --url "$url" -- examples/spark-like-job.sh "$seconds" </dev/null >/dev/null 2>&1 &
writer=$!
program Relay.Cli relay tail demo --wait --url "$url" </dev/null &
tail=$!

shown=0 ended=0
wait "$tail" || shown=$?
tail=
wait "$writer" || ended=$?
writer=
say "The job's exit code: $ended. relay tail's: $shown."
if [ "$ended" -ne 1 ] || [ "$shown" -ne 1 ]; then echo "demo.sh: both should be 1, the exit code of this job." >&2; exit 1; fi
say "Now a job of yours: the tour in README.md begins with the commands, docs/recipes.md has Spark, Kubernetes, Airflow and systemd."
