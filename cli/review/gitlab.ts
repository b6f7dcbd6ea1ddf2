/** A merge request on GitLab. */
import { ask, askAll } from "./api";
import { ourComment } from "./comment";

interface MergeRequest {
    api: string;
    token: string;
    project: string;
    number: string;
}

const PAGE = 100;

export function gitlabMergeRequest({ api, token, project, number }: MergeRequest) {
    const notes = `${api}/projects/${encodeURIComponent(project)}/merge_requests/${encodeURIComponent(number)}/notes`;
    const asked = {
        headers: { "PRIVATE-TOKEN": token },
        help: "The token in KVMNET_GITLAB_TOKEN needs the scope api and the role Reporter in this project.",
    };
    return {
        async comment(key: string, text: string | undefined): Promise<void> {
            const there = await askAll((page) => `${notes}?per_page=${PAGE}&page=${page}`, PAGE, asked);
            const ours = ourComment(key, there, text);
            if (!ours) return;
            const { id, body } = ours;
            if (id === undefined) await ask(notes, { ...asked, method: "POST", body: { body } });
            else await ask(`${notes}/${encodeURIComponent(id)}`, { ...asked, method: "PUT", body: { body } });
        },
    };
}
