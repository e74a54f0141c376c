// A system-library target needs a header; libxml2's own are included by CXML alone.
