#include "attention_decode.cuh"
using namespace octavo;

OCTAVO_DECODE(octavo_attention_decode_f8_64, float8_code, 64)
