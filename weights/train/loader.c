/* Batches ahead of their time. See loader.h.
 *
 * A ring of batches: step s lies in slot s modulo their number. The slots of the two steps that
 * were taken last are their reader's; threads fill those of the steps after them. */
#include "weights/train/loader.h"

#define MOST_THREADS 6

typedef struct {
  SpBatch *batch;
  gboolean is_ready;
  GError *error;
} Slot;

struct _SpLoader {
  SpDataset *dataset;
  SpTrainOptions options;
  guint n_threads, n_slots;
  GThread *threads[MOST_THREADS];
  Slot *slots;

  /* under the lock */
  GMutex lock;
  GCond changed;
  guint next_drawn, next_taken; /* steps */
  guint end;                    /* the first step that finds no free slot */
  gboolean is_over;
};

static gpointer
draw_batches (gpointer data)
{
  SpLoader *loader = data;
  g_mutex_lock (&loader->lock);
  for (;;) {
    while (!loader->is_over && loader->next_drawn >= loader->end)
      g_cond_wait (&loader->changed, &loader->lock);
    if (loader->is_over)
      break;
    guint step = loader->next_drawn++;
    Slot *slot = &loader->slots[step % loader->n_slots];
    g_mutex_unlock (&loader->lock);
    sp_batch_draw (slot->batch, loader->dataset, &loader->options, step, &slot->error);
    g_mutex_lock (&loader->lock);
    slot->is_ready = TRUE;
    g_cond_broadcast (&loader->changed);
  }
  g_mutex_unlock (&loader->lock);
  return NULL;
}

SpLoader *
sp_loader_new (SpDataset *dataset, const SpTrainOptions *options, guint first_step)
{
  SpLoader *loader = g_new0 (SpLoader, 1);
  loader->dataset = dataset;
  loader->options = *options;
  loader->n_threads = CLAMP (g_get_num_processors () / 2, 1, MOST_THREADS);
  loader->n_slots = 2 * loader->n_threads + 2;
  loader->slots = g_new0 (Slot, loader->n_slots);
  for (guint i = 0; i < loader->n_slots; i++)
    loader->slots[i].batch = sp_batch_new (options, sp_dataset_n_concepts (dataset));
  g_mutex_init (&loader->lock);
  g_cond_init (&loader->changed);
  loader->next_drawn = loader->next_taken = first_step;
  loader->end = first_step + loader->n_slots;
  for (guint i = 0; i < loader->n_threads; i++)
    loader->threads[i] = g_thread_new ("photos", draw_batches, loader);
  return loader;
}

void
sp_loader_free (SpLoader *loader)
{
  if (loader == NULL)
    return;
  g_mutex_lock (&loader->lock);
  loader->is_over = TRUE;
  g_cond_broadcast (&loader->changed);
  g_mutex_unlock (&loader->lock);
  for (guint i = 0; i < loader->n_threads; i++)
    g_thread_join (loader->threads[i]);
  for (guint i = 0; i < loader->n_slots; i++) {
    sp_batch_free (loader->slots[i].batch);
    g_clear_error (&loader->slots[i].error);
  }
  g_free (loader->slots);
  g_mutex_clear (&loader->lock);
  g_cond_clear (&loader->changed);
  g_free (loader);
}

const SpBatch *
sp_loader_take (SpLoader *loader, GError **error)
{
  g_mutex_lock (&loader->lock);
  guint step = loader->next_taken++;
  Slot *slot = &loader->slots[step % loader->n_slots];
  while (!slot->is_ready)
    g_cond_wait (&loader->changed, &loader->lock);
  slot->is_ready = FALSE;
  loader->end = MAX (loader->end, step - 1 + loader->n_slots); /* that before `step - 1` is free */
  g_cond_broadcast (&loader->changed);
  g_mutex_unlock (&loader->lock);
  if (slot->error == NULL)
    return slot->batch;
  g_propagate_error (error, g_steal_pointer (&slot->error));
  return NULL;
}
