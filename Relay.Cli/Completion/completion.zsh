#compdef relay
# Completion of `relay` for zsh. Made by `relay completion zsh`.
_relay() {
  local -a candidates
  # Ids are other people's words: (Q) takes the quotes off what was typed, compadd puts them on what it adds.
  candidates=("${(@f)$(${~${(Q)words[1]}} complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("${(@)candidates:#}")
  (( ${#candidates} )) && compadd -a candidates
}
if [[ $funcstack[1] == _relay ]]; then
  _relay "$@"
else
  compdef _relay relay
fi
