#include "attention_decode.cuh"
using namespace octavo;

OCTAVO_DECODE(octavo_attention_decode_f16_96, float16, 96)
