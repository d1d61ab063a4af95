/* Names and descriptions of the procedures, the same in both versions of GIMP. */
#pragma once

#define SP_GIMP_PROCEDURE "plug-in-semantic-paint"
#define SP_GIMP_RENDER_PROCEDURE SP_GIMP_PROCEDURE "-render"
#define SP_GIMP_CONCEPTS_PROCEDURE SP_GIMP_PROCEDURE "-concepts"

#define SP_GIMP_AUTHORS "Semantic Paint's authors"
#define SP_GIMP_YEAR "2026"
#define SP_GIMP_IMAGE_TYPES "RGB*, GRAY*"
#define SP_GIMP_MENU "<Image>/Filters"

#define SP_GIMP_EDIT_LABEL "Semantic _Paint..."
#define SP_GIMP_EDIT_BLURB "Edit a photo by concept: paint strokes, choose \"tree\", get a tree"
#define SP_GIMP_EDIT_HELP                                                                          \
  "Adds, removes or restyles a concept where strokes were painted, with a generative image "       \
  "prior that is fitted to the photo. The result is a new layer with alpha just above the "        \
  "photo, in one undo step; the photo itself is untouched, and only what is selected is "          \
  "edited. Interactively and with the last values the strokes' layer is hidden afterwards, so "    \
  "that the result shows, and the photo's layer stays the active one; run-mode "                   \
  "RUN-NONINTERACTIVE leaves both to the script. The layer keeps what was done, so that "          \
  "plug-in-semantic-paint-render can draw it again."

#define SP_GIMP_RENDER_LABEL "Semantic Paint: _Render Again"
#define SP_GIMP_RENDER_BLURB "Draw a layer that Semantic Paint made again"
#define SP_GIMP_RENDER_HELP                                                                        \
  "Draws a result again from the edits that its layer keeps: after the photo was changed, or "     \
  "with another strength, seed, number of steps or pack. The new layer takes the old one's "       \
  "place, opacity, mode and visibility, in one undo step. Without its pack, by its SHA-256, it "   \
  "is only drawn when a pack is given."

#define SP_GIMP_CONCEPTS_BLURB "List the concepts that Semantic Paint can edit"
#define SP_GIMP_CONCEPTS_HELP "The names that " SP_GIMP_PROCEDURE " takes, from a pack."

#define SP_GIMP_RUN_MODE_BLURB "RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1), RUN-WITH-LAST-VALS (2)"
#define SP_GIMP_IMAGE_BLURB "Image, RGB or grayscale, any precision"
#define SP_GIMP_DRAWABLE_BLURB "The photo: a layer"
#define SP_GIMP_STROKES_BLURB                                                                      \
  "Where to edit: a layer (its alpha, else its lightness), a channel, a layer mask or the "        \
  "selection, of the same image"
#define SP_GIMP_CONCEPT_BLURB "What: a name that " SP_GIMP_CONCEPTS_PROCEDURE " lists"
#define SP_GIMP_OPERATION_BLURB "add, remove or restyle"
#define SP_GIMP_STRENGTH_BLURB "low, medium, high or a number from 0 to 1"
#define SP_GIMP_REFERENCE_BLURB                                                                    \
  "For restyle: a layer of any image whose look to take; none: that of an example of the concept"
#define SP_GIMP_STEPS_BLURB                                                                        \
  "The most steps that each stage takes; 0: a preview without training; -1: the default"
#define SP_GIMP_SEED_BLURB "Which example of the concept to take, 0 or more"
#define SP_GIMP_PACK_BLURB                                                                         \
  "A pack's file with the generator and its concepts; \"\": the bundled one"
#define SP_GIMP_LAYER_BLURB "The new layer, just above the photo"

#define SP_GIMP_RESULT_BLURB "The layer that " SP_GIMP_PROCEDURE " made"
#define SP_GIMP_PHOTO_BLURB                                                                        \
  "The photo's layer; none: the one of the name and size that it was made of"
#define SP_GIMP_AGAIN_STRENGTH_BLURB                                                               \
  "low, medium, high or a number from 0 to 1, for all its edits; \"\": as they are kept"
#define SP_GIMP_AGAIN_STEPS_BLURB                                                                  \
  "The most steps that each stage takes; 0: a preview without training; -1: as it was made"
#define SP_GIMP_AGAIN_SEED_BLURB                                                                   \
  "Which example of the concept to add, for all its edits; -1: as they are kept"
#define SP_GIMP_AGAIN_PACK_BLURB                                                                   \
  "A pack's file, even if it is another than the result was made with; \"\": the same pack"
#define SP_GIMP_AGAIN_LAYER_BLURB "The new layer, in the old one's place"

#define SP_GIMP_CONCEPTS_VALUE_BLURB "Their names"
