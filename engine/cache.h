/* Fits of photos, kept from one opening to the next: the latent of eq. 1 and R as fitted to the
 * unedited photo, which take most of the time of opening, and depend on nothing that the user does.
 *
 * A fit is a file under the user's cache folder, by the SHA-256 of everything that it depends on:
 * the window's pixels, the pack's file, the settings, the device and the program's version. Files
 * appear whole or not at all, so any number of processes may share the folder; what is damaged is
 * removed and counts as missing; the oldest go when they become too many. A cache never fails: it
 * only does not help.
 *
 * Thread rule: no state but the files; any thread.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

#define SP_CACHE_MAXIMUM_BYTES (G_GUINT64_CONSTANT (256) << 20) /* of the folder's fits */
#define SP_CACHE_MAXIMUM_ENTRY (G_GUINT64_CONSTANT (64) << 20)  /* larger fits are not kept */

/* `photo`: 3 x height x width, the window at the generator's resolution. `device`: the backend's
 * description. NULL when the pack cannot be read any more. Free with g_free(). */
char *sp_cache_key (const SpPack *pack, const SpSettings *settings, const char *device,
                    const float *photo, int height, int width);

/* `*n_values` finite numbers as stored; NULL: there is none. Free with g_free(). */
float *sp_cache_load (const char *folder, const char *key, gsize *n_values);

/* Stores two parts, one behind the other; makes the folder where there is none. */
void sp_cache_store (const char *folder, const char *key, const float *first, gsize n_first,
                     const float *second, gsize n_second);

/* Removes the oldest fits until all have at most this many bytes. sp_cache_store() does it with
 * SP_CACHE_MAXIMUM_BYTES. */
void sp_cache_shrink (const char *folder, guint64 most_bytes);

G_END_DECLS
