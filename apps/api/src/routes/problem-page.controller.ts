import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { escapeHtml, Problem, type ProblemCode, PROBLEMS } from '@countersign/core';
import { Public } from '../http/access.decorator.js';

/** Serves the page that each problem's `type` points to (RFC 9457 section 3.1.1). */
@ApiExcludeController()
@Public()
@Controller('problems')
export class ProblemPageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  index(): string {
    const rows = codes().map(
      (code) => `<li><a href="problems/${code}">${code}</a> ${PROBLEMS[code].status}</li>`,
    );
    return page('Problems', `<ul>${rows.join('')}</ul>`, 'problems');
  }

  @Get(':code')
  @Header('Content-Type', 'text/html; charset=utf-8')
  show(@Param('code') text: string): string {
    const code = codes().find((known) => known === text);
    if (code === undefined) throw new Problem('not_found');
    const { status, title, meaning, remedy } = PROBLEMS[code];
    return page(
      `${code} (${status})`,
      `<p><strong>${html(title)}.</strong> ${html(meaning)}</p><h2>What to do</h2><p>${html(remedy)}</p>`,
      '../problems',
    );
  }
}

function codes(): ProblemCode[] {
  return Object.keys(PROBLEMS) as ProblemCode[];
}

// Links are relative: a proxy may serve all of this under a path of its own.
function page(title: string, body: string, index: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(title)}</title><h1>${html(title)}</h1>${body}<p><a href="${index}">All problems</a></p></html>`;
}

// The texts are our own; they use `code` spans.
function html(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}
