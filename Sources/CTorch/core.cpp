extern "C" {
#include "CTorch.h"
}
#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>
int ct_hello(void) { return at::ones({2,3}).sum().item<int>(); }
