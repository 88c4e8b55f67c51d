cmake_minimum_required(VERSION 3.25)
# Writes OUTPUT, a header with one hash of the files in SOURCES (a file that lists them).
file(STRINGS ${SOURCES} sources)
set(hashes "")
foreach(source IN LISTS sources)
  file(SHA256 ${source} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 fingerprint "${hashes}")
file(CONFIGURE OUTPUT ${OUTPUT}
     CONTENT "#pragma once\ninline constexpr char kSourcesFingerprint[] = \"${fingerprint}\";\n")
