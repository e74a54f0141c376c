/// The C ABI over libtorch: opaque handles, a status from every call, no C++ type and no exception across the edge.
#ifndef CTORCH_H
#define CTORCH_H

#include "CTorchCore.h"
#include "CTorchAutograd.h"
#include "CTorchConvolutionChoice.h"
#include "CTorchDetection.h"
#include "CTorchDistributed.h"
#include "CTorchFunctional.h"
#include "CTorchFused.h"
#include "CTorchOperations.h"
#include "CTorchOptimizers.h"
#include "CTorchRecording.h"

#endif
