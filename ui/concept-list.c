/* The concepts; see concept-list.h. */
#include "ui/concept-list.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <string.h>

#define NAME_KEY "semantic-paint-name"
#define TITLE_KEY "semantic-paint-title"
#define EXAMPLE_KEY "semantic-paint-example"
#define EXAMPLE_SIDE 32 /* in the list; there is room for it before it comes */

struct _SpConceptList {
  GtkWidget *widget, *search, *box;
  char *chosen_name;
  gboolean setting; /* from outside: nobody is told */
  SpConceptChosen chosen;
  gpointer user_data;
};

/* A pack's titles are in English; those that packs often have are translated. */
static const char *
title_of (const SpConcept *concept)
{
  static const char *const titles[] = { N_ ("Sky"),   N_ ("Tree"),     N_ ("Building"),
                                        N_ ("Grass"), N_ ("Door"),     N_ ("Window"),
                                        N_ ("Road"),  N_ ("Mountain"), N_ ("Water"),
                                        N_ ("Wall"),  N_ ("Cloud"),    N_ ("Dome"),
                                        N_ ("Brick") };
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_strcmp0 (titles[i], concept->title) == 0)
      return _ (titles[i]);
  return concept->title;
}

static const char *
row_name (gpointer row)
{
  return g_object_get_data (G_OBJECT (row), NAME_KEY);
}

static const char *
row_title (gpointer row)
{
  return g_object_get_data (G_OBJECT (row), TITLE_KEY);
}

static gboolean
matches (GtkListBoxRow *row, gpointer data)
{
  SpConceptList *list = data;
  const char *text = gtk_entry_get_text (GTK_ENTRY (list->search));
  return g_str_match_string (text, row_title (row), TRUE)
         || g_str_match_string (text, row_name (row), TRUE);
}

static void
searched (GtkSearchEntry *entry, SpConceptList *list)
{
  gtk_list_box_invalidate_filter (GTK_LIST_BOX (list->box));
}

/* Return chooses the first that matches. */
static void
search_activated (GtkEntry *entry, SpConceptList *list)
{
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (list->box));
  for (GList *row = rows; row; row = row->next)
    if (matches (row->data, list)) {
      gtk_list_box_select_row (GTK_LIST_BOX (list->box), row->data);
      return;
    }
}

static void
selected (GtkListBox *box, GtkListBoxRow *row, SpConceptList *list)
{
  if (!row || list->setting)
    return;
  g_free (list->chosen_name);
  list->chosen_name = g_strdup (row_name (row));
  list->chosen (list->chosen_name, list->user_data);
}

SpConceptList *
sp_concept_list_new (SpConceptChosen chosen, gpointer user_data)
{
  SpConceptList *list = g_new0 (SpConceptList, 1);
  list->chosen = chosen;
  list->user_data = user_data;
  list->widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  list->search = gtk_search_entry_new ();
  gtk_entry_set_placeholder_text (GTK_ENTRY (list->search), _ ("Search concepts"));
  sp_widget_describe (list->search, _ ("Search concepts"), _ ("Type a part of a name (Ctrl+F)."));
  g_signal_connect (list->search, "search-changed", G_CALLBACK (searched), list);
  g_signal_connect (list->search, "activate", G_CALLBACK (search_activated), list);
  list->box = gtk_list_box_new ();
  sp_widget_describe (list->box, _ ("Concept"), NULL);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list->box), GTK_SELECTION_BROWSE);
  gtk_list_box_set_filter_func (GTK_LIST_BOX (list->box), matches, list, NULL);
  g_signal_connect (list->box, "row-selected", G_CALLBACK (selected), list);
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (scrolled), GTK_SHADOW_IN);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), 110);
  gtk_container_add (GTK_CONTAINER (scrolled), list->box);
  gtk_box_pack_start (GTK_BOX (list->widget), list->search, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (list->widget), scrolled, TRUE, TRUE, 0);
  return list;
}

void
sp_concept_list_free (SpConceptList *list)
{
  g_free (list->chosen_name);
  g_free (list);
}

GtkWidget *
sp_concept_list_widget (SpConceptList *list)
{
  return list->widget;
}

static GtkWidget *
concept_row (const SpConcept *concept)
{
  const char *title = title_of (concept);
  GtkWidget *row = gtk_list_box_row_new (), *label = gtk_label_new (title);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *example = gtk_image_new ();
  gtk_widget_set_size_request (example, EXAMPLE_SIDE, EXAMPLE_SIDE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  g_object_set (box, "margin", 2, NULL);
  gtk_container_add (GTK_CONTAINER (box), example);
  gtk_container_add (GTK_CONTAINER (box), label);
  gtk_container_add (GTK_CONTAINER (row), box);
  g_object_set_data (G_OBJECT (row), EXAMPLE_KEY, example);
  g_object_set_data_full (G_OBJECT (row), NAME_KEY, g_strdup (concept->name), g_free);
  g_object_set_data_full (G_OBJECT (row), TITLE_KEY, g_strdup (title), g_free);
  g_autofree char *tip =
      concept->exemplars ? g_strdup_printf (
          g_dngettext (GETTEXT_PACKAGE, "%u example to choose from by its number",
                       "%u examples to choose from by their number", concept->exemplars),
          concept->exemplars)
                         : g_strdup (_ ("This pack has no examples of it, only their mean"));
  sp_widget_describe (row, title, tip);
  gtk_widget_show_all (row);
  return row;
}

void
sp_concept_list_set_pack (SpConceptList *list, const SpPack *pack, const char *wanted)
{
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  list->setting = TRUE;
  gtk_container_foreach (GTK_CONTAINER (list->box), (GtkCallback)(GCallback)gtk_widget_destroy,
                         NULL);
  for (guint i = 0; i < n_concepts; i++)
    gtk_list_box_insert (GTK_LIST_BOX (list->box), concept_row (&concepts[i]), -1);
  list->setting = FALSE;
  g_autofree char *before = g_steal_pointer (&list->chosen_name);
  if (wanted)
    sp_concept_list_choose (list, wanted);
  if (!list->chosen_name && before)
    sp_concept_list_choose (list, before);
  if (!list->chosen_name && n_concepts)
    sp_concept_list_choose (list, concepts[0].name);
}

void
sp_concept_list_set_example (SpConceptList *list, guint concept, cairo_surface_t *example)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (list->box), (int)concept);
  if (!row)
    return;
  double side =
      MAX (cairo_image_surface_get_width (example), cairo_image_surface_get_height (example));
  cairo_surface_set_device_scale (example, side / EXAMPLE_SIDE, side / EXAMPLE_SIDE);
  gtk_image_set_from_surface (g_object_get_data (G_OBJECT (row), EXAMPLE_KEY), example);
}

void
sp_concept_list_choose (SpConceptList *list, const char *name)
{
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (list->box));
  for (GList *row = rows; row; row = row->next)
    if (g_str_equal (row_name (row->data), name)) {
      g_free (list->chosen_name);
      list->chosen_name = g_strdup (name);
      list->setting = TRUE;
      gtk_list_box_select_row (GTK_LIST_BOX (list->box), row->data);
      list->setting = FALSE;
      return;
    }
}

const char *
sp_concept_list_chosen (const SpConceptList *list)
{
  return list->chosen_name;
}

const char *
sp_concept_list_title (const SpConceptList *list, const char *name)
{
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (list->box));
  for (GList *row = rows; row; row = row->next)
    if (g_str_equal (row_name (row->data), name))
      return row_title (row->data);
  return name;
}

void
sp_concept_list_focus_search (SpConceptList *list)
{
  gtk_widget_grab_focus (list->search);
}
