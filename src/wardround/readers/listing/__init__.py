"""Listings of files: what stands on a share as a command wrote it down, without the share. One format each."""
