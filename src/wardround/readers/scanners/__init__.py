"""Reports of vulnerability scanners. One format each."""
