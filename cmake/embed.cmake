# Writes a C++ source that holds text files, for files that ship inside the binary.
#   cmake -DOUTPUT=suites.cc -DFUNCTION=gauntlet::run::shipped_suites -DHEADER=run/shipped.h
#         -DFILES=a.toml,b.toml -P embed.cmake
# defines std::span<const gauntlet::run::ShippedFile> FUNCTION(). A file's name there is its own
# up to the first dot.
string(REPLACE "," ";" FILES "${FILES}")
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WLE)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

#pragma GCC diagnostic ignored \"-Woverlength-strings\"

namespace {

constexpr gauntlet::run::ShippedFile kFiles[] = {
${entries}};

}  // namespace

std::span<const gauntlet::run::ShippedFile> ${FUNCTION}() { return kFiles; }
")
