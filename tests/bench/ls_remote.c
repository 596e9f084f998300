/* What libgit2 itself makes of asking an upstream for its refs: ls_remote N URL, N times over. */
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>

static int
trust(git_cert *cert, int valid, const char *host, void *payload)
{
	(void)cert;
	(void)valid;
	(void)host;
	(void)payload;
	return 0; /* the certificate is the bench's own */
}

int
main(int argc, char **argv)
{
	git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
	int n = argc == 3 ? atoi(argv[1]) : 0;

	git_libgit2_init();
	callbacks.certificate_check = trust;
	for (int i = 0; i < n; i++) {
		const git_remote_head **heads;
		git_remote *remote;
		size_t count;

		if (git_remote_create_detached(&remote, argv[2]) < 0 ||
		    git_remote_connect(remote, GIT_DIRECTION_FETCH, &callbacks, NULL, NULL) < 0 ||
		    git_remote_ls(&heads, &count, remote) < 0 || count == 0) {
			fprintf(stderr, "%s\n", git_error_last()->message);
			return 1;
		}
		git_remote_free(remote);
	}
	return n > 0 ? 0 : 64;
}
