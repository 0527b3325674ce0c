"""Files of a share or a mounted backup: their names, their content by its first block, the wording of notes."""
