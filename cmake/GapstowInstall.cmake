# `cmake --install` and the Debian package: program, manual, completions, documents, samples.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(TARGETS gapstow gapstow-image-verifier RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

# gapstow_compressed(INPUT OUTPUT): OUTPUT is INPUT gzipped as Debian policy wants it; adds it to gapstow_generated.
function(gapstow_compressed input output)
  get_filename_component(folder "${output}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${output}" DEPENDS "${input}" VERBATIM
    COMMAND gzip -9nc "${input}" > "${output}")
  set(gapstow_generated ${gapstow_generated} "${output}" PARENT_SCOPE)
endfunction()

foreach(section 1 5 8)
  file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/man/*.${section}")
  foreach(page IN LISTS pages)
    get_filename_component(name "${page}" NAME)
    gapstow_compressed("${page}" "${CMAKE_BINARY_DIR}/man/${name}.gz")
    install(FILES "${CMAKE_BINARY_DIR}/man/${name}.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
  endforeach()
endforeach()

# gapstow_completion(SHELL FOLDER NAME): what the program prints for that shell, where the distribution's shell looks for it.
function(gapstow_completion shell folder name)
  set(output "${CMAKE_BINARY_DIR}/completions/${shell}/${name}")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/completions/${shell}")
  add_custom_command(OUTPUT "${output}" DEPENDS gapstow VERBATIM
    COMMAND $<TARGET_FILE:gapstow> completion ${shell} > "${output}")
  install(FILES "${output}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${folder}")
  set(gapstow_generated ${gapstow_generated} "${output}" PARENT_SCOPE)
endfunction()

gapstow_completion(bash bash-completion/completions gapstow)
gapstow_completion(zsh zsh/vendor-completions _gapstow)
gapstow_completion(fish fish/vendor_completions.d gapstow.fish)

gapstow_compressed("${CMAKE_SOURCE_DIR}/CHANGELOG.md" "${CMAKE_BINARY_DIR}/doc/changelog.gz")
install(FILES README.md LICENSE SECURITY.md CHANGELOG.md packaging/copyright "${CMAKE_BINARY_DIR}/doc/changelog.gz"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY formats DESTINATION "${CMAKE_INSTALL_DOCDIR}" PATTERN vectors EXCLUDE)
install(DIRECTORY samples DESTINATION "${CMAKE_INSTALL_DOCDIR}")

add_custom_target(gapstow_generated ALL DEPENDS ${gapstow_generated})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gapstow)
set(CPACK_PACKAGE_VENDOR "gapstow developers")
set(CPACK_PACKAGE_CONTACT "gapstow developers <gapstow@localhost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "container images with their signature chains in one bundle")
set(CPACK_PACKAGE_DESCRIPTION
"gapstow packs container images together with the Docker Content Trust (TUF)
metadata that proves them genuine into one signed file. On the far side of an
air gap it verifies the file, the chain and every byte of the images, and
imports them under the digests that were signed.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
