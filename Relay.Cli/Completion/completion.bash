# Completion of `relay` for bash. Made by `relay completion bash`.
_relay() {
  local line=${COMP_LINE:0:COMP_POINT} tool=${1/#"~/"/"$HOME/"} words word cut candidate
  COMPREPLY=()

  # bash splits words at ':' and '=' too, which stand in addresses and ids; `relay` wants them whole. Backslashes are taken off.
  read -a words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  word=${words[${#words[@]} - 1]}

  # bash replaces only what follows its last separator in the word.
  cut=$word
  if [[ $COMP_WORDBREAKS == *:* ]]; then cut=${cut##*:}; fi
  if [[ $COMP_WORDBREAKS == *=* ]]; then cut=${cut##*=}; fi
  cut=${word%"$cut"}

  # Ids are other people's words: they are quoted and never evaluated.
  while IFS= read -r candidate; do
    [[ $candidate == "$word"* ]] || continue
    printf -v candidate %q "${candidate#"$cut"}"
    COMPREPLY+=("$candidate")
  done < <("$tool" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _relay relay
