// Starts the engine of the command `vertebra`.
//
// All of it is in the module VertebraEngine, which the product `vertebra-engine` names beside this target. This target itself
// depends on nothing: the program `vertebra` depends on it, so that building the one builds the other, and would be linked with
// all that it depends on.
void vertebra_engine_main(void);

int main(void) {
    vertebra_engine_main();
    return 0;
}
