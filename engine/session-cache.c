/* A session's fit to its photo, kept in the cache and found there again; see cache.h.
 *
 * The key is made before the fit: one that fails on a graphics card goes on on the CPU, and what is
 * looked for next time is the card's again.
 */
#include "engine/cache.h"
#include "engine/session-private.h"

#include <string.h>

char *
sp_session_cache_key (const SpSession *session)
{
  return session->settings.cache_folder != NULL
             ? sp_cache_key (session->pack, &session->settings, session->backend->description,
                             session->photo, session->window.height, session->window.width)
             : NULL;
}

gboolean
sp_session_open_from_cache (SpSession *session, const char *key)
{
  gsize n_latent = sp_shape_elements (session->latent_shape), n_values = 0;
  g_autofree float *values =
      key != NULL ? sp_cache_load (session->settings.cache_folder, key, &n_values) : NULL;
  if (values == NULL)
    return FALSE;
  g_clear_pointer (&session->inversion, sp_inversion_free); /* never both at once */
  if (sp_session_plan_edits (session, NULL)
      && n_values == n_latent + sp_adaptation_snapshot_size (session->adaptation)) {
    memcpy (session->latent, values, n_latent * sizeof (float));
    memcpy (session->warm_start, values + n_latent, (n_values - n_latent) * sizeof (float));
    if (sp_session_restore_fit (session, NULL)) {
      sp_adaptation_read_picture (session->adaptation, session->picture);
      if (sp_backend_check (session->backend, NULL))
        return TRUE;
    }
  }
  sp_session_drop_plans (session);
  return FALSE;
}

void
sp_session_store_in_cache (const SpSession *session, const char *key)
{
  if (key != NULL)
    sp_cache_store (session->settings.cache_folder, key, session->latent,
                    sp_shape_elements (session->latent_shape), session->warm_start,
                    sp_adaptation_snapshot_size (session->adaptation));
}
