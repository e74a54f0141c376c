// A system-library target needs a header; libtorch's own are C++ and included by CTorch alone.
