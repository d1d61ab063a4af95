/* See perceptual-loss.h. */
#include "weights/train/perceptual-loss.h"

#include "engine/model/perceptual.h"

SpTensor *
sp_perceptual_loss (SpGraph *graph, const SpPack *pack, SpTensor *drawn, SpTensor *target,
                    SpTensor *origins, int side, GError **error)
{
  SpTensor *of_target[SP_MAXIMUM_TAPS], *of_drawn[SP_MAXIMUM_TAPS], *terms[SP_MAXIMUM_TAPS];
  float weights[SP_MAXIMUM_TAPS];
  guint n_taps;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (pack, &n_taps);
  SpTensor *target_crop = sp_graph_crop (graph, target, origins, side, side);
  SpTensor *drawn_crop = sp_graph_crop (graph, drawn, origins, side, side);
  if (!sp_perceptual_features (graph, pack, target_crop, of_target, error)
      || !sp_perceptual_features (graph, pack, drawn_crop, of_drawn, error))
    return NULL;
  for (guint i = 0; i < n_taps; i++) {
    terms[i] = sp_graph_l1 (graph, of_drawn[i], of_target[i]);
    weights[i] = taps[i].weight;
  }
  SpTensor *sum = sp_graph_sum (graph, n_taps, terms, weights);
  sp_tensor_keep (sum);
  return sum;
}
