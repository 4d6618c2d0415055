# What containerd runs at every pull: a program of its own, which links nothing that it does not use. Where the libraries
# are there as archives it is one static file: it starts in half the time, and runs on nodes that have no libraries.
include(CheckCXXSourceCompiles)
add_executable(gapstow-image-verifier src/image_verifier.cpp)
target_link_options(gapstow-image-verifier PRIVATE -Wl,--gc-sections)

find_library(GAPSTOW_STATIC_CRYPTO NAMES libcrypto.a)
find_library(GAPSTOW_STATIC_SODIUM NAMES libsodium.a)
set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
check_cxx_source_compiles("#include <string>\nint main(int n, char** v) { return std::string(v[0]).size() == 0 ? n : 0; }"
                          GAPSTOW_CAN_LINK_STATIC)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

if(GAPSTOW_STATIC_CRYPTO AND GAPSTOW_STATIC_SODIUM AND GAPSTOW_CAN_LINK_STATIC AND NOT GAPSTOW_SANITIZE AND NOT GAPSTOW_COVERAGE)
  foreach(module enforce oci trust tuf sign json digest archive base)
    list(APPEND archives $<TARGET_FILE:gapstow_${module}>)
    add_dependencies(gapstow-image-verifier gapstow_${module})
  endforeach()
  # What OpenSSL would open at run time, and the linker warns of, is never reached: it reads no configuration here.
  # CMake's own -pie would undo -static-pie.
  set_property(TARGET gapstow-image-verifier PROPERTY POSITION_INDEPENDENT_CODE)
  target_compile_options(gapstow-image-verifier PRIVATE -fPIE)
  target_link_options(gapstow-image-verifier PRIVATE -static-pie)
  target_link_libraries(gapstow-image-verifier PRIVATE gapstow_options
    -Wl,--start-group ${archives} -Wl,--end-group ${GAPSTOW_STATIC_CRYPTO} ${GAPSTOW_STATIC_SODIUM})
else()
  target_link_options(gapstow-image-verifier PRIVATE -Wl,--as-needed)
  target_link_libraries(gapstow-image-verifier PRIVATE gapstow_enforce gapstow_options)
endif()
