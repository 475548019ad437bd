#include "attention_decode.cuh"
using namespace octavo;

OCTAVO_DECODE(octavo_attention_decode_i8_96, int8_code, 96)
