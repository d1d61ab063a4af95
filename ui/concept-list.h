/* The pack's concepts to choose from, with a search. */
#pragma once

#include <gtk/gtk.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpConceptList SpConceptList;
typedef void (*SpConceptChosen) (const char *name, gpointer user_data);

/* `chosen` is called when the user chooses, not from the functions below. */
SpConceptList *sp_concept_list_new (SpConceptChosen chosen, gpointer user_data);
void sp_concept_list_free (SpConceptList *list);
/* A floating reference; the list must outlive it. */
GtkWidget *sp_concept_list_widget (SpConceptList *list);

/* Lists the pack's concepts and chooses `wanted`, else what was chosen before, else the first. */
void sp_concept_list_set_pack (SpConceptList *list, const SpPack *pack, const char *wanted);
/* What concept number `concept` of the pack looks like; a reference is taken. */
void sp_concept_list_set_example (SpConceptList *list, guint concept, cairo_surface_t *example);
void sp_concept_list_choose (SpConceptList *list, const char *name);
/* NULL: there is none. The list's. */
const char *sp_concept_list_chosen (const SpConceptList *list);
/* For people; the name itself when the pack does not have it. The list's. */
const char *sp_concept_list_title (const SpConceptList *list, const char *name);
void sp_concept_list_focus_search (SpConceptList *list);

G_END_DECLS
