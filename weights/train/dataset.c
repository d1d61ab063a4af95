/* The photos of a training. See dataset.h. */
#include "weights/train/dataset.h"

#include "engine/photo/photo.h"

#include <math.h>
#include <string.h>

#define MAXIMUM_ASPECT 2 /* what is longer is cut off on both ends */
#define CACHE_BYTES (G_GUINT64_CONSTANT (6) << 30)
#define MAXIMUM_DEPTH 16 /* of folders: a link may lead in circles */

typedef struct {
  char *path;   /* from photos/ */
  char *labels; /* whole path, or NULL */
  /* under the dataset's lock */
  enum { UNKNOWN, BEING_DECODED, BROKEN } state;
  SpPicture *picture; /* NULL: not in memory */
} Entry;

struct _SpDataset {
  const SpHost *host;
  char *photo_folder;
  int side;
  SpConceptRules *rules; /* or NULL */
  GPtrArray *entries;    /* Entry, owned, by path */
  GPtrArray *lists[3];   /* of SpDrawFrom, of entries */

  GMutex lock;
  GCond decoded;
  guint64 cached_bytes;
  GPtrArray *left_out; /* what to tell of */
};

static void
picture_clear (gpointer data)
{
  SpPicture *picture = data;
  g_free (picture->rgb);
  g_free (picture->labels);
}

gboolean
sp_picture_cut_middle (const SpPicture *picture, int height, int width, float *middle)
{
  if (picture->width < width || picture->height < height)
    return FALSE;
  gsize plane = (gsize)picture->width * picture->height;
  gsize left = (gsize)(picture->width - width) / 2, top = (gsize)(picture->height - height) / 2;
  for (gsize c = 0; c < 3; c++)
    for (gsize y = top; y < top + height; y++)
      for (gsize x = left; x < left + width; x++)
        *middle++ = (float)picture->rgb[c * plane + y * picture->width + x] / 127.5f - 1;
  return TRUE;
}

void
sp_picture_unref (SpPicture *picture)
{
  g_atomic_rc_box_release_full (picture, picture_clear);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  g_free (entry->path);
  g_free (entry->labels);
  g_clear_pointer (&entry->picture, sp_picture_unref);
  g_free (entry);
}

void
sp_dataset_free (SpDataset *dataset)
{
  if (dataset == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (dataset->lists); i++)
    g_ptr_array_unref (dataset->lists[i]);
  g_ptr_array_unref (dataset->entries);
  sp_concept_rules_free (dataset->rules);
  g_ptr_array_unref (dataset->left_out);
  g_mutex_clear (&dataset->lock);
  g_cond_clear (&dataset->decoded);
  g_free (dataset->photo_folder);
  g_free (dataset);
}

/* ---- Finding ---- */

static gboolean
is_photo_name (const char *name)
{
  static const char *const endings[] = { ".jpg", ".jpeg", ".png" };
  g_autofree char *lower = g_ascii_strdown (name, -1);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

/* Adds the photos of a folder and of those in it. `below`: its path from photos/, "" at the top. */
static gboolean
find_photos (SpDataset *dataset, const char *below, int depth, GError **error)
{
  g_autofree char *folder = g_build_filename (dataset->photo_folder, below, NULL);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, error);
  if (directory == NULL)
    return FALSE;
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;) {
    g_autofree char *path = *below ? g_build_filename (below, name, NULL) : g_strdup (name);
    g_autofree char *whole = g_build_filename (folder, name, NULL);
    if (name[0] == '.')
      continue;
    if (g_file_test (whole, G_FILE_TEST_IS_DIR)) {
      if (depth < MAXIMUM_DEPTH && !find_photos (dataset, path, depth + 1, error))
        return FALSE;
    } else if (is_photo_name (name)) {
      Entry *entry = g_new0 (Entry, 1);
      entry->path = g_steal_pointer (&path);
      g_ptr_array_add (dataset->entries, entry);
    }
  }
  return TRUE;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  const Entry *first = *(Entry *const *)a, *second = *(Entry *const *)b;
  return strcmp (first->path, second->path);
}

static void
find_labels (SpDataset *dataset, const char *label_folder)
{
  static const char *const endings[] = { ".xml", ".png" };
  for (guint i = 0; i < dataset->entries->len; i++) {
    Entry *entry = g_ptr_array_index (dataset->entries, i);
    int stem = (int)(strrchr (entry->path, '.') - entry->path);
    for (guint k = 0; k < G_N_ELEMENTS (endings) && entry->labels == NULL; k++) {
      g_autofree char *name = g_strdup_printf ("%.*s%s", stem, entry->path, endings[k]);
      g_autofree char *path = g_build_filename (label_folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        entry->labels = g_steal_pointer (&path);
    }
  }
}

/* One for each path; the entries are the dataset's. */
static GHashTable *
index_entries (const SpDataset *dataset)
{
  GHashTable *by_path = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < dataset->entries->len; i++) {
    Entry *entry = g_ptr_array_index (dataset->entries, i);
    g_hash_table_insert (by_path, entry->path, entry);
  }
  return by_path;
}

/* The entries of the list of held photos; empty without one. Every line must be a photo's, or what
 * is to be kept out would be trained on. */
static GHashTable *
read_held (const SpDataset *dataset, const char *path, GError **error)
{
  g_autoptr (GHashTable) held = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) by_path = index_entries (dataset);
  g_autofree char *text = NULL;
  if (path != NULL && !g_file_get_contents (path, &text, NULL, error))
    return NULL;
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    Entry *entry = g_hash_table_lookup (by_path, g_strstrip (lines[i]));
    if (entry != NULL) {
      g_hash_table_add (held, entry);
    } else if (*lines[i] != '\0') {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                   "“%s” of “%s” is no photo. Its lines are paths of photos from “%s” on.",
                   lines[i], path, dataset->photo_folder);
      return NULL;
    }
  }
  return g_steal_pointer (&held);
}

static void
sort_into_lists (SpDataset *dataset, GHashTable *held)
{
  for (guint i = 0; i < dataset->entries->len; i++) {
    Entry *entry = g_ptr_array_index (dataset->entries, i);
    if (g_hash_table_contains (held, entry)) {
      g_ptr_array_add (dataset->lists[SP_DRAW_HELD], entry);
      continue;
    }
    g_ptr_array_add (dataset->lists[SP_DRAW_ANY], entry);
    if (entry->labels != NULL)
      g_ptr_array_add (dataset->lists[SP_DRAW_LABELLED], entry);
  }
}

static gboolean
read_rules (SpDataset *dataset, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "concepts.ini", NULL);
  g_autofree char *labels = g_build_filename (folder, "labels", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  dataset->rules = sp_concept_rules_read (path, error);
  if (dataset->rules != NULL)
    find_labels (dataset, labels);
  return dataset->rules != NULL;
}

static gboolean
refuse_few (SpDataset *dataset, const char *folder, const SpTrainOptions *options, GError **error)
{
  guint count = sp_dataset_count (dataset, SP_DRAW_ANY);
  if (count >= options->batch)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
               "“%s” holds %u photos to train on (.jpg, .jpeg or .png); a step takes %u.", folder,
               count, options->batch);
  return FALSE;
}

SpDataset *
sp_dataset_open (const char *folder, const SpTrainOptions *options, const SpHost *host,
                 GError **error)
{
  g_autoptr (SpDataset) dataset = g_new0 (SpDataset, 1);
  g_autofree char *photos = g_build_filename (folder, "photos", NULL);
  gboolean has_photos = g_file_test (photos, G_FILE_TEST_IS_DIR);
  g_autoptr (GHashTable) held = NULL;

  dataset->host = host;
  dataset->side = options->side;
  dataset->photo_folder = g_strdup (has_photos ? photos : folder);
  dataset->entries = g_ptr_array_new_with_free_func (entry_free);
  dataset->left_out = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&dataset->lock);
  g_cond_init (&dataset->decoded);
  for (guint i = 0; i < G_N_ELEMENTS (dataset->lists); i++)
    dataset->lists[i] = g_ptr_array_new ();
  if (!find_photos (dataset, "", 0, error))
    return NULL;
  g_ptr_array_sort (dataset->entries, compare_paths);
  if (has_photos && !read_rules (dataset, folder, error))
    return NULL;
  held = read_held (dataset, options->held_list, error);
  if (held == NULL)
    return NULL;
  sort_into_lists (dataset, held);
  return refuse_few (dataset, folder, options, error) ? g_steal_pointer (&dataset) : NULL;
}

guint
sp_dataset_count (const SpDataset *dataset, SpDrawFrom from)
{
  return dataset->lists[from]->len;
}

const SpConceptRules *
sp_dataset_rules (const SpDataset *dataset)
{
  return dataset->rules;
}

guint
sp_dataset_n_concepts (const SpDataset *dataset)
{
  return dataset->rules != NULL ? dataset->rules->rules->len : 0;
}

/* ---- Decoding ---- */

/* The middle of the photo, at most twice as long as wide, and its size in the cache. */
static SpRectangle
choose_area (const SpPhoto *photo, int side, int *width, int *height)
{
  SpRectangle area = { 0, 0, photo->width, photo->height };
  area.width = MIN (area.width, MAXIMUM_ASPECT * area.height);
  area.height = MIN (area.height, MAXIMUM_ASPECT * area.width);
  area.x = (photo->width - area.width) / 2;
  area.y = (photo->height - area.height) / 2;
  int shorter = MIN (area.width, area.height);
  *width = (int)lrint ((double)area.width * side / shorter);
  *height = (int)lrint ((double)area.height * side / shorter);
  return area;
}

static gboolean
decode_labels (const SpDataset *dataset, const Entry *entry, const SpPhoto *photo, SpRectangle area,
               SpPicture *picture, GError **error)
{
  if (entry->labels == NULL)
    return TRUE;
  if (g_str_has_suffix (entry->labels, ".xml")) {
    picture->labels = sp_labels_from_polygons (dataset->rules, entry->labels, area, picture->width,
                                               picture->height, error);
    return picture->labels != NULL;
  }
  SpPhoto image;
  if (!dataset->host->open_photo (entry->labels, &image, error))
    return FALSE;
  picture->labels = sp_labels_from_image (dataset->rules, &image, photo->width, photo->height, area,
                                          picture->width, picture->height, error);
  dataset->host->close_photo (&image);
  return picture->labels != NULL;
}

static gboolean
decode_photo (const SpDataset *dataset, const Entry *entry, const SpPhoto *photo,
              SpPicture *picture, GError **error)
{
  if (MIN (photo->width, photo->height) < 16) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "“%s” is smaller than 16 pixels.", entry->path);
    return FALSE;
  }
  SpWindow window = { 0 };
  window.area = choose_area (photo, dataset->side, &window.width, &window.height);
  g_autofree float *values = sp_window_read (&window, photo, error);
  if (values == NULL)
    return FALSE;
  gsize n = 3 * (gsize)window.width * window.height;
  picture->width = window.width;
  picture->height = window.height;
  picture->rgb = g_new (guint8, n);
  for (gsize i = 0; i < n; i++)
    picture->rgb[i] = (guint8)lrintf (127.5f * (1.0f + CLAMP (values[i], -1.0f, 1.0f)));
  return decode_labels (dataset, entry, photo, window.area, picture, error);
}

/* NULL with the reason. */
static SpPicture *
decode (const SpDataset *dataset, const Entry *entry, GError **error)
{
  g_autofree char *path = g_build_filename (dataset->photo_folder, entry->path, NULL);
  g_autoptr (SpPicture) picture = g_atomic_rc_box_new0 (SpPicture);
  SpPhoto photo;
  if (!dataset->host->open_photo (path, &photo, error))
    return NULL;
  gboolean fine = decode_photo (dataset, entry, &photo, picture, error);
  dataset->host->close_photo (&photo);
  return fine ? g_steal_pointer (&picture) : NULL;
}

/* ---- The cache, under the lock ---- */

/* All at once: a photo drawn at random is as likely the next as any other. */
static void
make_room (SpDataset *dataset, guint64 bytes)
{
  if (dataset->cached_bytes + bytes > CACHE_BYTES) {
    for (guint i = 0; i < dataset->entries->len; i++) {
      Entry *entry = g_ptr_array_index (dataset->entries, i);
      g_clear_pointer (&entry->picture, sp_picture_unref);
    }
    dataset->cached_bytes = 0;
  }
  dataset->cached_bytes += bytes;
}

static void
keep (SpDataset *dataset, Entry *entry, SpPicture *picture, const GError *error)
{
  entry->state = picture != NULL ? UNKNOWN : BROKEN;
  if (picture == NULL) {
    g_ptr_array_add (dataset->left_out, g_strdup (error->message));
    return;
  }
  guint64 pixels = (guint64)picture->width * picture->height;
  make_room (dataset, pixels * (picture->labels != NULL ? 7 : 3));
  entry->picture = picture;
}

/* NULL: it cannot be read. Lets go of the lock while it decodes. */
static SpPicture *
entry_picture (SpDataset *dataset, Entry *entry)
{
  while (entry->state == BEING_DECODED)
    g_cond_wait (&dataset->decoded, &dataset->lock);
  if (entry->picture == NULL && entry->state != BROKEN) {
    g_autoptr (GError) error = NULL;
    entry->state = BEING_DECODED;
    g_mutex_unlock (&dataset->lock);
    SpPicture *picture = decode (dataset, entry, &error);
    g_mutex_lock (&dataset->lock);
    keep (dataset, entry, picture, error);
    g_cond_broadcast (&dataset->decoded);
  }
  return entry->picture != NULL ? g_atomic_rc_box_acquire (entry->picture) : NULL;
}

SpPicture *
sp_dataset_picture (SpDataset *dataset, SpDrawFrom from, guint index, GError **error)
{
  Entry *entry = g_ptr_array_index (dataset->lists[from], index);
  g_mutex_lock (&dataset->lock);
  SpPicture *picture = entry_picture (dataset, entry);
  g_mutex_unlock (&dataset->lock);
  if (picture == NULL)
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "“%s” cannot be read.", entry->path);
  return picture;
}

SpPicture *
sp_dataset_draw (SpDataset *dataset, SpDrawFrom from, guint index, GError **error)
{
  guint count = sp_dataset_count (dataset, from);
  SpPicture *picture = NULL;
  for (guint tries = 0; tries < count && picture == NULL; tries++)
    picture = sp_dataset_picture (dataset, from, (index + tries) % count, NULL);
  if (picture == NULL)
    sp_dataset_unreadable (dataset, count, error);
  return picture;
}

gboolean
sp_dataset_unreadable (const SpDataset *dataset, guint photos, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "None of the %u photos in “%s” can be read.",
               photos, dataset->photo_folder);
  return FALSE;
}

void
sp_dataset_tell (SpDataset *dataset)
{
  g_mutex_lock (&dataset->lock);
  g_autoptr (GPtrArray) left_out = dataset->left_out;
  dataset->left_out = g_ptr_array_new_with_free_func (g_free);
  g_mutex_unlock (&dataset->lock);
  for (guint i = 0; i < left_out->len; i++)
    sp_host_tell (dataset->host, "A photo is left out: %s",
                  (const char *)g_ptr_array_index (left_out, i));
}
