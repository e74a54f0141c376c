#ifndef CMEDIA_H
#define CMEDIA_H
int cm_version(void);
#endif
