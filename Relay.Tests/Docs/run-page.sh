#!/usr/bin/env bash
# Runs the blocks of a page in one session, in order, as a reader types them; stops at the first that fails.
#
#   run-page.sh PAGE FOLDER
#
# FOLDER has a file for each block, named by its line and by how it is run: LINE.run, LINE.exits-N, LINE.background, LINE.background-exits-N.
# A block in the background is kept until the page's end; of blocks that start a relay, only the last one's is kept.
set -E -o pipefail
docs_page=$1 docs_blocks=$2 docs_at='' docs_block='' docs_relay='' docs_background=()

docs_fail() {
  trap - ERR
  local log
  for log in "$docs_blocks"/*.log; do
    [ -s "$log" ] || continue
    echo "--- the end of $(basename "$log")" >&2
    tail -n 3 "$log" | cut -c 1-200 >&2
  done
  # Last, because a failure report shows the end.
  [ -z "$docs_block" ] || sed 's/^/  | /' "$docs_block" >&2
  printf 'FAILED at %s: %s\n' "$docs_at" "$1" >&2
  exit 1
}

# Ends a block in the background, with all that it started.
docs_end() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  local i
  for ((i = 0; i < 100; i++)); do
    kill -0 -- "-$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

docs_finish() {
  trap - ERR
  local started
  for started in "${docs_background[@]}"; do docs_end "${started%%:*}"; done
}

docs_start() {
  if grep -q 'Relay\.Server' "$docs_block"; then
    [ -z "$docs_relay" ] || docs_end "$docs_relay"
    docs_relay=new
  fi
  setsid bash -e -o pipefail "$docs_block" </dev/null >"$docs_block.log" 2>&1 &
  docs_background+=("$!:$docs_at:$1")
  [ "$docs_relay" = new ] || return 0
  docs_relay=$!
  local i
  for ((i = 0; i < 600; i++)); do
    # One that has a certificate answers with TLS only.
    if curl -fs -o "$docs_block.health" "$RELAY_URL/health" || curl -fsk -o "$docs_block.health" "${RELAY_URL/#http:/https:}/health"; then return 0; fi
    kill -0 "$docs_relay" 2>/dev/null || docs_fail 'the relay ended'
    sleep 0.1
  done
  docs_fail 'the relay does not answer'
}

# A block in the background that has an exit code to show is waited for; any other may have ended well, or runs still.
docs_check_background() {
  local started pid expected status
  for started in "${docs_background[@]}"; do
    IFS=: read -r pid docs_page docs_line expected <<<"$started"
    docs_at=$docs_page:$docs_line docs_block=''
    if [ "$expected" = any ] && kill -0 "$pid" 2>/dev/null; then continue; fi
    status=0
    wait "$pid" || status=$?
    if [ "$pid" = "$docs_relay" ]; then docs_fail "the relay ended with exit code $status"; fi
    case $expected:$status in
      any:0 | any:143 | "$status:$status") ;;
      *) docs_fail "exit code $status of a block in the background, expected was $expected" ;;
    esac
  done
}

trap docs_finish EXIT
trap 'exit 143' TERM
set -a # What a block sets, those in the background see too.
for docs_block in "$docs_blocks"/*; do
  docs_name=${docs_block##*/}
  docs_at=$docs_page:$((10#${docs_name%%.*}))
  printf '### %s\n' "$docs_at"
  case $docs_name in
    *.run)
      trap 'docs_fail "exit code $? of: $BASH_COMMAND"' ERR
      set -e
      source "$docs_block" </dev/null
      set +e
      trap - ERR ;;
    *.background) docs_start any ;;
    *.background-exits-*) docs_start "${docs_name##*-}" ;;
    *.exits-*)
      docs_status=0
      bash -e -o pipefail "$docs_block" </dev/null || docs_status=$?
      [ "$docs_status" -eq "${docs_name##*-}" ] || docs_fail "exit code $docs_status, expected was ${docs_name##*-}" ;;
    *) docs_fail "'$docs_name' says not how it is to be run" ;;
  esac
done
docs_check_background
