"""Raw files: decoding, tags, camera profiles."""
