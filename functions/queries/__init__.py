"""Every read for pages and lists, joined and access-filtered; one file a noun. Never writes."""
