// A plugin of TypeDoc for documents: the navigation shows the title of a page, not the name of its file, and a code block
// without a language is text, not TypeScript.
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const documents = project.getReflectionsByKind(ReflectionKind.Document);
    for (const document of documents) {
      const title = /^\s*# +(.+)/.exec(document.content[0]?.text ?? '')?.[1];
      if (title) document.name = title.replaceAll('`', '');
    }
    // The page of the README has the package's name at its head already.
    const [first] = project.readme ?? [];
    if (first) first.text = first.text.replace(/^\s*# .+\n/, '');
    for (const part of [...(project.readme ?? []), ...documents.flatMap(({ content }) => content)]) {
      if (part.kind === 'code') part.text = part.text.replace(/^```\n/, '```text\n');
    }
  });
}
