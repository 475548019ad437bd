# Of test results (.trx): each failed test's name, the beginning of its message and of its stack.
/<UnitTestResult / {
  failed = /outcome="Failed"/
  if (failed) { name = $0; sub(/.*testName="/, "", name); sub(/".*/, "", name); print "FAILED " plain(name); part = "" }
}
!failed { next }
/<StdOut>/ { part = "" }
/<Message>/ { part = "message"; lines = 0; sub(/.*<Message>/, "") }
/<StackTrace>/ { part = "stack"; lines = 0; sub(/.*<StackTrace>/, "") }
part != "" {
  ends = sub(/<\/(Message|StackTrace)>.*/, "")
  if (++lines <= (most ? most : part == "message" ? 25 : 6)) { print "    " substr(plain($0), 1, 600) }
  if (ends) { part = "" }
}
/<\/UnitTestResult>/ { failed = 0 }
function plain(text) { gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#xD;/, "", text); gsub(/&amp;/, "\\&", text); return text }
