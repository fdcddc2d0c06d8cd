# awk -f check.awk RULES FILE...; called by check.sh, which says what it does.

BEGIN {
  for (i = 2; i < ARGC; ++i)
    ours[ARGV[i]] = 1
}

# The rules.
NR == FNR {
  sub(/#.*/, "")
  if (NF > 2 && $2 == "=") {
    for (i = 3; i <= NF; ++i)
      set_of[$1] = set_of[$1] " " $i
  } else if (NF > 0) {
    split($0, sides, ":")
    who[++rows] = sides[1]
    what[rows] = sides[2]
  }
  next
}

FNR == 1 {
  includes = 0
}

/^[ \t]*#[ \t]*pragma[ \t]+once/ {
  once[FILENAME] = 1
}

/^[ \t]*#[ \t]*include/ {
  header = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
  quoted = header ~ /^"[^"]+"/
  if (!quoted && header !~ /^<[^>]+>/) {
    fault(FNR, "an include that names no header: " header)
    next
  }
  header = substr(header, 2)
  sub(/[">].*/, "", header)
  ++includes
  check_form(header, quoted)
  check_permission(header)
  if (includes == 1)
    check_own_header(header)
}

END {
  for (i = 2; i < ARGC; ++i)
    if (ARGV[i] ~ /\.hpp$/ && !(ARGV[i] in once))
      print_fault(ARGV[i], 1, "no `#pragma once`")
  if (faults > 0)
    exit 1
  printf "layering: %d files, no fault\n", ARGC - 2
}

function check_form(header, quoted) {
  if (quoted && !(header in ours) && header !~ /\.pb\.h$/)
    fault(FNR, "\"" header "\" is no file of this tree, seen from its root")
  if (!quoted && header in ours)
    fault(FNR, "<" header "> is a file of this tree: write it in quotes")
}

function check_own_header(header,    own) {
  own = FILENAME
  if (sub(/\.cpp$/, ".hpp", own) && own in ours && header != own)
    fault(FNR, "\"" own "\" must be the first include")
}

# Whether the table lets the current file include the header.
function check_permission(header,    row, permitted, verdict) {
  for (row = 1; row <= rows; ++row) {
    if (!speaks_of(who[row], FILENAME))
      continue
    verdict = verdict_on(what[row], header)
    if (verdict == "no") {
      fault(FNR, header " is forbidden here")
      return
    }
    if (verdict == "yes")
      permitted = 1
  }
  if (!permitted)
    fault(FNR, header " is not permitted here")
}

# Whether a row's left side means the file.
function speaks_of(patterns, file,    n, i, list, some, hit) {
  n = split(patterns, list, " ")
  for (i = 1; i <= n; ++i) {
    if (list[i] ~ /^!/) {
      if (matches(substr(list[i], 2), file))
        return 0
    } else {
      some = 1
      if (matches(list[i], file))
        hit = 1
    }
  }
  return hit || !some
}

# What a row's right side says about a header: "yes", "no", or nothing.
function verdict_on(sets, header,    n, i, list, verdict) {
  n = split(sets, list, " ")
  for (i = 1; i <= n; ++i) {
    if (list[i] ~ /^!/) {
      if (in_set(substr(list[i], 2), header))
        return "no"
    } else if (in_set(list[i], header)) {
      verdict = "yes"
    }
  }
  return verdict
}

function in_set(name, header,    n, i, list) {
  if (name == "std")
    return header ~ /^[a-z_0-9]+$/
  n = split(name in set_of ? set_of[name] : name, list, " ")
  for (i = 1; i <= n; ++i)
    if (matches(list[i], header))
      return 1
  return 0
}

function matches(pattern, text) {
  if (!(pattern in regex_of)) {
    regex_of[pattern] = pattern
    gsub(/[.+]/, "\\\\&", regex_of[pattern])
    gsub(/\*/, ".*", regex_of[pattern])
    regex_of[pattern] = "^" regex_of[pattern] "$"
  }
  return text ~ regex_of[pattern]
}

function fault(line, message) {
  print_fault(FILENAME, line, message)
}

function print_fault(file, line, message) {
  printf "%s:%d: %s\n", file, line, message
  ++faults
}
