/* R, the perturbation network (eq. 5 to 7; docs/method.md), or what stands in for it.
 *
 * It turns a fixed noise map into one perturbation a layer: deltas[i] has the shape of perturbed
 * layer i's output. Layers are given from the deepest to the highest resolution.
 *
 * - FREE: the perturbations are parameters, zero at the start.
 * - LOWRANK: trunk: noise (1 x 32 x H x W at the highest resolution), then from the highest
 *   resolution down, for each layer, conv 3x3 32 -> 32 (stride 2 where the resolution halves),
 * batch norm, leaky ReLU; head of a layer: conv 1x1 32 -> 4, batch norm, leaky ReLU, conv 1x1 4 ->
 * C.
 * - HEADS: the same trunk; head: conv 3x3 32 -> C.
 *
 * All slopes 0.2. Convolutions start Kaiming-normal but for a head's last, which starts at zero, so
 * that G' starts as G; its bias zero, batch norm 1 and 0.
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* Names of the parameters: "perturbation.{i}.trunk.weight", ".trunk.scale", ".trunk.shift",
 * ".head.weight", ".head.bias", and for LOWRANK ".skip.weight", ".skip.scale", ".skip.shift" before
 * the head; for FREE "perturbation.{i}"; i counts from 0, the
 * deepest. */
void sp_perturbation_build (SpGraph *graph, SpPerturbationKind kind, guint seed, guint n_layers,
                            const SpShape *shapes, SpTensor **deltas);

/* The learning rate that suits the kind (docs/perturbation.md): 0.01, 0.1, 0.02. */
float sp_perturbation_learning_rate (SpPerturbationKind kind);

G_END_DECLS
