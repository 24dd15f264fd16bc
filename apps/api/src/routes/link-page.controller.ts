import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../http/access.decorator.js';
import { LINK_PAGE_POLICY, RESET_PASSWORD_PAGE, VERIFY_EMAIL_PAGE } from './link-pages.js';

/** Serves the pages that mailed links lead to. Opening one changes nothing. */
@ApiExcludeController()
@Public()
@Controller()
export class LinkPageController {
  @Get('verify-email')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Security-Policy', LINK_PAGE_POLICY)
  verifyEmail(): string {
    return VERIFY_EMAIL_PAGE;
  }

  @Get('reset-password')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Security-Policy', LINK_PAGE_POLICY)
  resetPassword(): string {
    return RESET_PASSWORD_PAGE;
  }
}
