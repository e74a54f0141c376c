#include "CMedia.h"
int cm_version(void){return 1;}
