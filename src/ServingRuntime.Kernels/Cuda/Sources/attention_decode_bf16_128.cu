#include "attention_decode.cuh"
using namespace octavo;

OCTAVO_DECODE(octavo_attention_decode_bf16_128, bfloat16, 128)
