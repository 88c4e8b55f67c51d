#pragma once
#include "optim/function.h"
#include "optim/learned/learned_optimizer.h"

/// Families of functions out of many convolutions, as they are in the PyTorch program that peer.sh compares with. Data
/// and feature networks are random numbers: only the work is the same.
namespace l2l::bench {

/// A classifier of 2000 images of 3x32x32, in batches of 128: three times a convolution to 16 channels, batch
/// normalisation, rectifier and pooling, then layers of 32 and 10 units. Groups "conv" and "fc".
Family conv_task();
/// An LSTM for each of its groups.
OptimizerModel conv_task_optimizer();

/// Style transfer for a picture of 64x64 with VGG-19 up to the first convolution of its fourth block.
Family art_task();
OptimizerModel art_task_optimizer();

}  // namespace l2l::bench
