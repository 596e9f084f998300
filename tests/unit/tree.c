/* Folders and files, compared with git ls-tree and git cat-file. */
#include "tests/unit/repo.h"

#include "git/init.h"
#include "git/store.h"
#include "git/tree.h"
#include "git/view.h"

static const char *
store(struct ctx *c)
{
	const char *dir = arena_printf(c->mem, "%s/s.git", unit_folder(c));

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, dir, "main"), OK);
	return dir;
}

static struct git_view *
view_of(struct ctx *c, const char *dir)
{
	struct git_view *view;

	assert_int_equal(git_view_open(c, dir, &view), OK);
	return view;
}

static const char *
blob(struct ctx *c, const char *dir, const void *bytes, size_t len)
{
	return repo_run(c, dir, bytes, len,
	    (const char *const[]){ "hash-object", "-w", "--stdin", NULL });
}

static void
add(struct buf *b, const char *mode, const char *type, const char *id, const char *name)
{
	buf_printf(b, "%s %s %s\t%s", mode, type, id, name);
	buf_char(b, '\0');
}

static const char *
tree(struct ctx *c, const char *dir, const struct buf *lines)
{
	return repo_run(c, dir, lines->data, lines->len,
	    (const char *const[]){ "mktree", "-z", NULL });
}

static const char *
commit(struct ctx *c, const char *dir, const char *tree_id)
{
	return repo_git(c, dir, "commit-tree", tree_id, "-m", "x");
}

static const char *const odd_names[] = { "<img src=x onerror=alert(1)>", "\"><svg onload=x>", "'--",
	"`", "${7*7}", "{{7*7}}", "%s%n", "..%2f", "-rf", "--upload-pack=x", "$(id)", ";id", "|id",
	"a\nb", "a\rb", "a\tb", "\x1b[2J", "\x07", "\xff", "\xe2\x80\xae", "\xe2\x80\x8b", "con",
	"aux.c", "HEAD", "@", "a.lock", "\xf0\x9f\x98\x80", "#", "?", "&amp;", " a ", "~", "a" };

/* A folder "odd" with a file of each odd name, and one entry of each kind beside it. */
static const char *
make(struct ctx *c, const char *dir)
{
	struct buf *odd = buf_new(c->mem, OUT_MAX_BYTES), *root = buf_new(c->mem, OUT_MAX_BYTES);
	const char *file = blob(c, dir, "text\n", 5), *odd_id;

	for (size_t i = 0; i < N_OF(odd_names); i++)
		add(odd, "100644", "blob", file, odd_names[i]);
	odd_id = tree(c, dir, odd);
	for (size_t i = 0; i < N_OF(odd_names); i++)
		if (strcmp(odd_names[i], "a") != 0)
			add(root, "040000", "tree", odd_id, odd_names[i]);
	add(root, "100644", "blob", file, "a");
	add(root, "100755", "blob", file, "a.run");
	add(root, "040000", "tree", odd_id, "a-folder");
	add(root, "120000", "blob", blob(c, dir, "../a", 4), "link");
	(void)repo_commit(c, dir, "other", "x");
	add(root, "160000", "commit", repo_git(c, dir, "rev-parse", "other"), "module");
	return tree(c, dir, root);
}

/* As `git ls-tree -z` prints it. */
static const struct buf *
shown(struct ctx *c, const struct git_folder *folder)
{
	static const char *const types[] = { [GIT_FOLDER] = "tree", [GIT_FILE] = "blob",
		[GIT_LINK] = "blob", [GIT_SUBMODULE] = "commit" };
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < folder->n; i++)
		add(b, arena_printf(c->mem, "%06o", folder->rows[i].mode),
		    types[folder->rows[i].kind], folder->rows[i].id, folder->rows[i].name);
	return b;
}

static void
a_folder_is_what_ls_tree_says(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *id = make(c, dir);
	struct git_folder folder;
	const struct buf *ours;
	struct buf *gits;

	assert_int_equal(
	    git_folder_read(c, view_of(c, dir), id, GIT_ORDER_STORED, 0, 1000, &folder), OK);
	ours = shown(c, &folder);
	assert_int_equal(repo_try(c, dir, NULL, 0, &gits,
			     (const char *const[]){ "ls-tree", "-z", id, NULL }), 0);
	assert_int_equal(ours->len, gits->len);
	assert_memory_equal(ours->data, gits->data, gits->len);
	assert_int_equal(folder.all, folder.n);
}

static void
people_see_folders_first_and_then_names(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *id = make(c, dir);
	struct git_folder all, part;

	assert_int_equal(
	    git_folder_read(c, view_of(c, dir), id, GIT_ORDER_PEOPLE, 0, 1000, &all), OK);
	for (size_t i = 1; i < all.n; i++) {
		bool before = all.rows[i - 1].kind == GIT_FOLDER ||
		    all.rows[i - 1].kind == GIT_SUBMODULE;
		bool here = all.rows[i].kind == GIT_FOLDER || all.rows[i].kind == GIT_SUBMODULE;

		assert_true(before || !here);
		if (before == here)
			assert_true(strcmp(all.rows[i - 1].name, all.rows[i].name) < 0);
	}
	assert_int_equal(
	    git_folder_read(c, view_of(c, dir), id, GIT_ORDER_PEOPLE, 5, 3, &part), OK);
	assert_int_equal(part.n, 3);
	assert_int_equal(part.all, all.n);
	assert_string_equal(part.rows[0].name, all.rows[5].name);
	assert_int_equal(git_folder_read(
			     c, view_of(c, dir), id, GIT_ORDER_PEOPLE, all.n + 7, 3, &part), OK);
	assert_int_equal(part.n, 0);
}

static void
every_path_leads_to_its_entry(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *root = make(c, dir), *id = commit(c, dir, root);
	struct git_view *view = view_of(c, dir);
	struct git_folder folder;
	struct git_entry entry;

	assert_int_equal(git_entry_find(c, view, id, "", &entry), OK);
	assert_string_equal(entry.id, root);
	assert_int_equal(entry.kind, GIT_FOLDER);
	assert_int_equal(git_folder_read(c, view, root, GIT_ORDER_PEOPLE, 0, 1000, &folder), OK);
	for (size_t i = 0; i < folder.n; i++) {
		assert_int_equal(git_entry_find(c, view, id, folder.rows[i].name, &entry), OK);
		assert_string_equal(entry.id, folder.rows[i].id);
		assert_int_equal(entry.mode, folder.rows[i].mode);
	}
	for (size_t i = 0; i < N_OF(odd_names); i++) {
		assert_int_equal(git_entry_find(c, view, id,
				     arena_printf(c->mem, "a-folder/%s", odd_names[i]), &entry), OK);
		assert_int_equal(entry.kind, GIT_FILE);
		assert_string_equal(entry.name, odd_names[i]);
	}
}

static void
paths_of_nothing_are_not_found(void **state)
{
	static const char *const paths[] = { ".", "..", "../a", "a-folder/..", "a-folder/../a",
		"a/b", "link/a", "module/f", "A", "a-folde", "a-folder/", "/a", "a//b", "nope",
		"a-folder/nope", ".git", "a\nc" };
	struct ctx *c = *state;
	const char *dir = store(c), *root = make(c, dir), *id = commit(c, dir, root);
	struct git_view *view = view_of(c, dir);
	struct git_folder folder;
	struct git_entry entry;

	for (size_t i = 0; i < N_OF(paths); i++) {
		int code = git_entry_find(c, view, id, paths[i], &entry);

		/* a slash behind a folder is the folder's: git_view_split takes them away */
		assert_int_equal(code, strcmp(paths[i], "a-folder/") == 0 ? OK : E_NOTFOUND);
	}
	assert_int_equal(git_entry_find(c, view, root, "", &entry), E_NOTFOUND);
	assert_int_equal(git_entry_find(c, view, "main", "", &entry), E_NOTFOUND);
	assert_int_equal(
	    git_folder_read(c, view, id, GIT_ORDER_PEOPLE, 0, 1, &folder), E_NOTFOUND);
}

static void
files_are_read_by_their_header_first(void **state)
{
	struct ctx *c = *state;
	static const char big[20000] = { [8000] = 'x' }, late[] = "x";
	const char *dir = store(c), *id;
	struct git_view *view = view_of(c, dir);
	struct git_blob file;
	char *text = arena_alloc(c->mem, 10000);
	int64_t size;

	id = blob(c, dir, "d\xc3\xa9j\xc3\xa0\n", 7);
	assert_int_equal(git_blob_size(c, view, id, &size), OK);
	assert_int_equal(size, 7);
	assert_int_equal(git_blob_read(c, view, id, 7, &file), OK);
	assert_int_equal(file.size_bytes, 7);
	assert_memory_equal(file.bytes, "d\xc3\xa9j\xc3\xa0\n", 7);
	assert_false(file.is_binary);
	assert_true(file.is_utf8);
	assert_int_equal(git_blob_read(c, view, id, 6, &file), OK);
	assert_null(file.bytes);
	assert_int_equal(file.size_bytes, 7);
	assert_int_equal(git_blob_read(c, view, blob(c, dir, "\xe9\n", 2), 100, &file), OK);
	assert_false(file.is_binary);
	assert_false(file.is_utf8);
	assert_int_equal(git_blob_read(c, view, blob(c, dir, big, sizeof(big)), 20000, &file), OK);
	assert_true(file.is_binary);
	memset(text, late[0], 8000); /* as git: what comes behind is not looked at */
	assert_int_equal(git_blob_read(c, view, blob(c, dir, text, 10000), 20000, &file), OK);
	assert_false(file.is_binary);
	assert_int_equal(git_blob_read(c, view, blob(c, dir, "", 0), 0, &file), OK);
	assert_non_null(file.bytes);
	assert_int_equal(file.size_bytes, 0);
	id = repo_git_with(c, dir, "", "mktree");
	assert_int_equal(git_blob_read(c, view, id, 10, &file), E_NOTFOUND);
	assert_int_equal(git_blob_size(c, view, "x", &size), E_NOTFOUND);
}

/* What is read may come from a pack that another program made after the store was opened. */
static void
objects_of_new_packs_are_found(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1"), *two;
	struct git_view *view = view_of(c, dir);
	struct git_entry entry;

	assert_int_equal(git_entry_find(c, view, one, "f", &entry), OK);
	two = repo_commit(c, dir, "main", "2");
	(void)repo_git(c, dir, "repack", "-a", "-d", "-q");
	assert_int_equal(git_entry_find(c, view, two, "f", &entry), OK);
	assert_int_equal(git_entry_find(c, view_of(c, dir), one, "f", &entry), OK);
}

/* Modes of the last century are shown as git shows them. */
static void
odd_modes_are_plain(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *id = blob(c, dir, "x", 1);
	struct buf *bytes = buf_new(c->mem, 1000), *gits;
	unsigned char oid[20];
	struct git_folder folder;

	assert_true(str_is_hex(id, oid, sizeof(oid)));
	buf_add(bytes, "100664 a", 9);
	buf_add(bytes, oid, 20);
	buf_add(bytes, "100775 b", 9);
	buf_add(bytes, oid, 20);
	id = repo_run(c, dir, bytes->data, bytes->len,
	    (const char *const[]){
		"hash-object", "-t", "tree", "-w", "--stdin", "--literally", NULL });
	assert_int_equal(
	    git_folder_read(c, view_of(c, dir), id, GIT_ORDER_STORED, 0, 10, &folder), OK);
	assert_int_equal(folder.rows[0].mode, 0100644);
	assert_int_equal(folder.rows[1].mode, 0100755);
	assert_int_equal(repo_try(c, dir, NULL, 0, &gits,
			     (const char *const[]){ "ls-tree", "-z", id, NULL }), 0);
	assert_memory_equal(shown(c, &folder)->data, gits->data, gits->len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_folder_is_what_ls_tree_says),
		WITH_CTX(people_see_folders_first_and_then_names),
		WITH_CTX(every_path_leads_to_its_entry),
		WITH_CTX(paths_of_nothing_are_not_found),
		WITH_CTX(files_are_read_by_their_header_first),
		WITH_CTX(objects_of_new_packs_are_found),
		WITH_CTX(odd_modes_are_plain),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
