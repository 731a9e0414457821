# Compiler cache, fast linker, warnings, sanitizers: what every target of the project shares.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The sloppiness is what ccache asks for before it caches what uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
# Libraries and programs alike (CMake's own switch makes -fPIC of the one and -fPIE of the other): one precompiled header serves both.
add_compile_options(-fPIE)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
  # The compiler collects its garbage when there is much of it, not every few megabytes: a tenth less time, and at most a gigabyte a process.
  add_compile_options("SHELL:--param ggc-min-expand=1000" "SHELL:--param ggc-min-heapsize=1000000")
endif()
if(DAFTAR_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(DAFTAR_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(DAFTAR_SANITIZE)
  message(FATAL_ERROR "DAFTAR_SANITIZE is '${DAFTAR_SANITIZE}': use address or thread")
endif()

# What starts, parses, prints or tests: what it calls is optimised in its own room. A fifth less time to compile. It may reuse only a precompiled header that
# was compiled so, too: with one of another level, g++ 12 crashes on some files.
function(daftar_compile_quickly)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE -O1)
  endforeach()
endfunction()

# Adds the library of a room: every .cc in its folder (not below), plus any extra globs.
function(daftar_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;FOLDERS" ${ARGN})
  set(patterns *.cc)
  foreach(folder ${ROOM_FOLDERS})
    list(APPEND patterns ${folder}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  add_library(daftar_${name} STATIC ${sources})
  target_include_directories(daftar_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_link_libraries(daftar_${name} PUBLIC ${ROOM_LINKS})
endfunction()

# Adds the Protobuf messages of a room: ${PROJECT_BINARY_DIR}/<room>/proto/X.pb.{h,cc}, so that the include reads like any other header.
function(daftar_protos target)
  file(GLOB protos CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} proto/*.proto)
  foreach(proto ${protos})
    string(REGEX REPLACE "\\.proto$" ".pb" generated ${PROJECT_BINARY_DIR}/${proto})
    add_custom_command(
      OUTPUT ${generated}.h ${generated}.cc
      COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${PROJECT_BINARY_DIR} ${proto}
      DEPENDS ${PROJECT_SOURCE_DIR}/${proto} protobuf::protoc
      VERBATIM)
    target_sources(${target} PRIVATE ${generated}.h ${generated}.cc)
    if(DAFTAR_FUZZ)  # the fuzz targets take the messages from the library, and nothing of ours that would be compiled with them
      set_source_files_properties(${generated}.cc PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
