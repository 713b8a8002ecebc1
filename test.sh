#!/usr/bin/env bash
# Builds the solution once and runs every test.
#
#   ./test.sh                        everything
#   ./test.sh --filter NAME          further arguments go to `dotnet test`
#   ./test.sh --repeat 20            the end-to-end tests, twenty times over, to find a flake
#   ./test.sh --full                 every test at its full size: hours, and room in $TMPDIR for logs of 10 GiB. At the end stands what the
#                                    fault tests measured, as a table for docs/reliability.md. Goes with the others.
#
# A run of everything also looks for known vulnerabilities in the packages, where the feeds tell of them; one of moderate or higher severity counts as a
# failed test.
#
# The last line of stdout is always "N passed, N failed" (", N skipped" when there are any).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
# Whoever runs this in the background may have told it to ignore Ctrl+C. The tests send that signal to programs that would inherit this.
if [ -n "$(trap -p)" ]; then exec env --default-signal ./test.sh "$@"; fi

repeat=1
filter=
# A single test that hangs is shot after this time.
hang=5m
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=${2:-}; shift 2 || shift; repeating=1 ;;
    --repeat=*) repeat=${1#*=}; shift; repeating=1 ;;
    --full) full=1; hang=120m; shift ;;
    --filter) filter=${2:-}; shift 2 || shift ;;
    --filter=*) filter=${1#*=}; shift ;;
    *) arguments+=("$1"); shift ;;
  esac
done

passed=0 failed=0 skipped=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/relay-tests.XXXXXX")
export RELAY_TEST_RUN="${scratch##*/}-$$"
if [ -n "${full:-}" ]; then export RELAY_TEST_FULL=1 RELAY_TEST_FIGURES="$scratch/figures"; fi

# Processes that outlive a test host (one that hung and was shot, say) still carry the mark of this run.
end_leftovers() {
  local environment pid
  for environment in /proc/[0-9]*/environ; do
    { tr '\0' '\n' <"$environment" | grep -qxF "RELAY_TEST_RUN=$RELAY_TEST_RUN"; } 2>/dev/null || continue
    pid=${environment//[!0-9]/}
    echo "Left over by the tests, ended: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" >&2
    kill -KILL "$pid" 2>/dev/null || true
  done
}

# What the fault tests noted (Relay.Tests/Faults/FaultRun.cs), and where it was measured.
print_figures() {
  [ -s "${RELAY_TEST_FIGURES:-}" ] || return 0
  echo
  echo '| fault | size | found | time |'
  echo '|---|---|---|---|'
  cat "$RELAY_TEST_FIGURES"
  echo
  echo "$(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r); commit $(git describe --always --dirty 2>/dev/null || echo unknown)"
  echo
}

# Once more at the end, where whoever looks at the last page of a long log finds them.
print_failures() {
  if [ -s "$scratch/vulnerable" ]; then printf '\nFAILED: packages with known vulnerabilities\n' && cat "$scratch/vulnerable"; fi
  python3 - "$scratch" <<'PYTHON'
import glob
import sys
import xml.etree.ElementTree as xml

TEST = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"
for path in glob.glob(glob.escape(sys.argv[1]) + "/results-*/*.trx"):
    for result in xml.parse(path).iter(TEST + "UnitTestResult"):
        if result.get("outcome") == "Failed":
            message = result.findtext(f".//{TEST}Message") or "no message"
            trace = (result.findtext(f".//{TEST}StackTrace") or "").splitlines()
            print(f"\nFAILED {result.get('testName')}\n{message[:4000]}", *trace[:20], sep="\n")
PYTHON
}

# The pages' own tests, of what has no page. Their packages came with the build.
test_dashboard() {
  local results=$scratch/vitest.json before=$failed status=0 numbers
  (cd Relay.Server/Dashboard && npm run --silent check && npx vitest run --reporter=default --reporter=json --outputFile.json="$results") || status=$?
  numbers=$(node -e '
    const results = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    console.log(results.numPassedTests, results.numFailedTests, results.numPendingTests + results.numTodoTests);' "$results") || numbers='0 0 0'
  read -r -a numbers <<<"$numbers"
  passed=$((passed + numbers[0])) failed=$((failed + numbers[1])) skipped=$((skipped + numbers[2]))
  # Types that are wrong, and a file that cannot be loaded, are no failed test.
  if [ $status -ne 0 ] && [ "$failed" -eq "$before" ]; then failed=$((failed + 1)); fi
}

finish() {
  trap - EXIT
  end_leftovers
  [ "$failed" -eq 0 ] || print_failures || true
  [ -z "${full:-}" ] || print_figures || true
  rm -rf "$scratch"
  if [ $((passed + failed)) -eq 0 ]; then failed=1; fi
  local line="$passed passed, $failed failed"
  if [ "$skipped" -gt 0 ]; then line="$line, $skipped skipped"; fi
  echo "$line"
  [ "$failed" -eq 0 ] || exit 1
  exit 0
}
trap 'failed=$((failed + 1)); finish' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

case $repeat in
  '' | *[!0-9]* | 0*) echo "--repeat must be a whole number from 1, not '$repeat'." >&2; exit 2 ;;
esac
if [ -n "${repeating:-}" ]; then filter="Category=EndToEnd${filter:+&($filter)}"; fi

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_missing() {
  local packages=()
  [ -x /usr/bin/python3 ] || packages+=(python3)
  /usr/bin/python3 -c 'import websocket' 2>/dev/null || packages+=(python3-websocket)
  /usr/bin/python3 -c 'import requests' 2>/dev/null || packages+=(python3-requests)
  /usr/bin/python3 -c 'import yaml' 2>/dev/null || packages+=(python3-yaml)
  command -v curl >/dev/null || packages+=(curl)
  command -v openssl >/dev/null || packages+=(openssl)
  command -v zsh >/dev/null || packages+=(zsh)
  command -v vmstat >/dev/null || packages+=(procps)
  command -v tmux >/dev/null || packages+=(tmux)
  [ -x /usr/bin/chromium ] || packages+=(chromium fonts-dejavu-core)
  [ -x /usr/sbin/nginx ] || packages+=(nginx)
  [ ${#packages[@]} -gt 0 ] || return 0
  echo "Installing ${packages[*]}"
  install_without_starting "${packages[@]}"
}

# Debian starts a server as it installs it, and at each boot from then on. The tests start an nginx of their own, and the machine shall not become a web server.
install_without_starting() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin $policy
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  if [[ " $* " == *' nginx '* && -d /run/systemd/system ]]; then as_root systemctl --quiet disable nginx; fi
)

install_javascript_peer() {
  local peer=Relay.Tests/JsPeer
  [ -f $peer/package-lock.json ] || return 0
  # npm writes this file last, so it is newer than the lock file only after a whole installation.
  [ $peer/node_modules/.package-lock.json -nt $peer/package-lock.json ] && return 0
  (cd $peer && npm ci --no-audit --no-fund)
}

# Adds up what a run's result files say; the console's wording is for people and changes.
count() {
  local file line total executed bad
  for file in "$1"/*.trx; do
    [ -f "$file" ] || continue
    line=$(grep -o '<Counters [^>]*>' "$file" | tail -n 1)
    attribute() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$line"; }
    total=$(attribute total) executed=$(attribute executed)
    bad=$(($(attribute failed) + $(attribute error) + $(attribute timeout) + $(attribute aborted)))
    passed=$((passed + $(attribute passed)))
    failed=$((failed + bad))
    skipped=$((skipped + total - executed))
  done
}

# Says what an audit found. Its lines about vulnerabilities stand in a file; when there are none, the reason why it could not be done may.
report_audit() {
  local name=$1 found=$2 undone=$3
  if [ -s "$found" ]; then
    echo "$name audit: known vulnerabilities"
    tee -a "$scratch/vulnerable" <"$found"
    failed=$((failed + 1))
  elif [ -s "$undone" ]; then
    echo "$name audit not done: $(head -n 1 "$undone")"
  else
    echo "$name audit: no known vulnerability of moderate or higher severity"
  fi
}

# Restores a copy of the projects with the feeds named as audit sources: only then NuGet tells a feed without vulnerability data (NU1905) from one
# that knows of none.
audit_nuget() {
  local copy=$scratch/audit status=0
  mkdir -p "$copy"
  find . \( -name bin -o -name obj -o -name node_modules \) -prune -o \
    \( -name '*.sln' -o -name '*.csproj' -o -name '*.props' -o -name packages.lock.json -o -name global.json \) -exec cp --parents -t "$copy" {} +
  {
    echo '<configuration><auditSources><clear />'
    dotnet nuget list source --format short | sed -n 's|^E[A-Z]* \(https\{0,1\}://.*\)|<add key="\1" value="\1" />|p'
    echo '</auditSources></configuration>'
  } >"$copy/audit.config"
  timeout 60 dotnet restore "$copy/SparkLogRelay.sln" --locked-mode --configfile "$copy/audit.config" \
    -p:NuGetAudit=true -p:NuGetAuditMode=all -p:NuGetAuditLevel=moderate -p:TreatWarningsAsErrors=false >"$copy/log" 2>&1 || status=$?
  # "PROJECT : warning NU1903: Package 'NAME' VERSION has a known high severity vulnerability, ADDRESS [SOLUTION]"
  sed -n 's/.* NU190[234]: \(.*\) \[.*/\1/p' "$copy/log" | sort -u >"$copy/found"
  {
    sed -n 's/.* NU190[05]: \(.*\) \[.*/\1/p' "$copy/log" | sort -u
    if [ $status -eq 124 ]; then echo 'no answer within 60 s.'; elif [ $status -ne 0 ]; then grep -m 1 ' error ' "$copy/log" || tail -n 1 "$copy/log"; fi
  } >"$copy/undone"
  report_audit NuGet "$copy/found" "$copy/undone"
}

audit_npm() {
  local folder=$1
  (cd "$folder" && timeout 60 npm audit --json 2>/dev/null || true) >"$scratch/npm.json"
  python3 - "$scratch" <<'PYTHON'
import json
import sys

scratch = sys.argv[1]
try:
    with open(scratch + "/npm.json") as answer:
        audit = json.load(answer)
except ValueError:
    audit = {"message": "no answer."}
with open(scratch + "/npm.found", "w") as found, open(scratch + "/npm.undone", "w") as undone:
    if "vulnerabilities" not in audit:
        print(audit.get("message") or audit.get("error") or "the answer is none.", file=undone)
    for package, known in audit.get("vulnerabilities", {}).items():
        if known["severity"] in ("moderate", "high", "critical"):
            about = [via["url"] for via in known["via"] if isinstance(via, dict)]
            print("Package '%s' has a known %s severity vulnerability, %s" % (package, known["severity"], ", ".join(about) or "by what it needs"), file=found)
PYTHON
  report_audit "npm $folder" "$scratch/npm.found" "$scratch/npm.undone"
}

install_missing
install_javascript_peer

# No build server stays behind.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet restore SparkLogRelay.sln --locked-mode
if [ -z "$filter" ]; then
  audit_nuget
  audit_npm Relay.Tests/JsPeer
  audit_npm Relay.Server/Dashboard
fi
dotnet build SparkLogRelay.sln -c Release --no-restore -p:UseSharedCompilation=false

if [ -z "$filter" ]; then test_dashboard; fi

for round in $(seq "$repeat"); do
  [ "$repeat" -eq 1 ] || echo "Round $round of $repeat"
  results=$scratch/results-$round
  mkdir -p "$results" "$scratch/tmp"
  before=$failed status=0
  TMPDIR=$scratch/tmp dotnet test SparkLogRelay.sln --no-build -c Release \
    --logger 'console;verbosity=normal' --logger trx --results-directory "$results" \
    --blame-hang-timeout $hang --blame-hang-dump-type none \
    ${filter:+--filter "$filter"} ${arguments[@]+"${arguments[@]}"} || status=$?
  count "$results"
  # A test host that crashed reports no failed test.
  if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then failed=$((failed + 1)); fi
  rm -rf "$scratch/tmp"
done
finish
