# gapstow_module(NAME USES modules… LIBS libraries…): the library gapstow_NAME from src/NAME/*.cpp. Third-party
# libraries are private: their headers do not reach other modules.
function(gapstow_module name)
  cmake_parse_arguments(ARG "" "" "USES;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cpp")
  add_library(gapstow_${name} STATIC ${sources})
  set_target_properties(gapstow_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(gapstow_${name} PRIVATE gapstow_options ${ARG_LIBS})
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(gapstow_${name} PUBLIC gapstow_${used})
  endforeach()
endfunction()
