"""`tillway export` and `tillway import`: files from and to the public interfaces, page by page."""
