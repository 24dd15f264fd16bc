import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { Mailbox } from '@countersign/delivery';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { isDeveloper } from '../http/developer.js';
import { MAILBOX_STYLE_POLICY, mailboxPage } from './mailbox-page.js';

/** What a developer sees of messages that have no vendor yet. Production does not have it. */
@ApiExcludeController()
@Public()
@Controller('dev')
export class DevelopmentController {
  constructor(private readonly mailbox: Mailbox) {}

  @Get('messages')
  @Header('Cache-Control', 'no-store')
  messages(@Req() request: FastifyRequest): object[] {
    requireDeveloper(request);
    return this.mailbox.messages().map((message) => ({ ...message, at: message.at.toISOString() }));
  }

  @Get('mailbox')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  page(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    requireDeveloper(request);
    reply.header('Content-Security-Policy', MAILBOX_STYLE_POLICY);
    return mailboxPage(this.mailbox.messages());
  }
}

// Anybody else sees what they would see if it were not there.
function requireDeveloper(request: FastifyRequest): void {
  if (!isDeveloper(request)) throw new Problem('not_found');
}
