"""Raw files: everything that reads a stranger's bytes, most of it in a process of its own.

In that process: `child` serves a request; `sniff` tells what a file is; `dng` (with `tiff`,
`tiles`, `linear`, `opcodes`) or `libraw` decode it to a `sensor` picture; `develop` (with
`binning`, `demosaic`) makes the photo. Here: `process` runs the child; `metadata`, `profile`,
`spectrum` and `shot` turn its answer into M; `dcp` reads camera profiles; `description` tells
people about a file.
"""
