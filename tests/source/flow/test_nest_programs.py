"""Nest: commands and their handlers, and workers that are registered when a module starts."""

from __future__ import annotations

from pathlib import Path

from written_programs import charted, kinds, path_of

PACKAGE = '{"dependencies": {"@nestjs/common": "11", "@nestjs/cqrs": "11", "pg-boss": "10"}}'
COMMAND = """
    import { Command } from '@nestjs/cqrs';
    export class Fill extends Command<void> {
      constructor(readonly jar: number, readonly grams: number) { super(); }
    }
"""
HANDLER = """
    import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
    import { DataSource } from 'typeorm';
    import { Fill } from './fill.command';

    @CommandHandler(Fill)
    export class FillHandler implements ICommandHandler<Fill, void> {
      constructor(private readonly source: DataSource) {}
      async execute({ jar, grams }: Fill) {
        await this.source.query('UPDATE jars SET grams = $1 WHERE id = $2', [grams, jar]);
      }
    }
"""
CONTROLLER = """
    import { Body, Controller, Param, Post } from '@nestjs/common';
    import { CommandBus } from '@nestjs/cqrs';
    import { Fill } from './fill.command';

    @Controller('jars')
    export class Jars {
      constructor(private readonly commands: CommandBus) {}
      @Post(':id')
      async fill(@Param('id') id: number, @Body('grams') grams: number) {
        await this.commands.execute(new Fill(id, grams));
      }
    }
"""


def test_a_command_is_done_by_its_handler(tmp_path: Path) -> None:
    files = {
        "package.json": PACKAGE,
        "src/fill.command.ts": COMMAND,
        "src/fill.handler.ts": HANDLER,
        "src/jars.ts": CONTROLLER,
    }
    path = path_of(charted(tmp_path, files), "POST /jars/:id")
    (event,) = [one for one in path.events if one.effect is not None]
    assert kinds(path) == ["update jars"]
    assert event.effect is not None
    assert [str(one) for one in event.effect.where.values()] == [
        "Input(source='request', parts=('params', 'id'))"
    ]


WORKER = """
    import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
    import PgBoss from 'pg-boss';
    import { DataSource } from 'typeorm';

    @Injectable()
    export class Filler implements OnModuleInit {
      constructor(private readonly boss: PgBoss, private readonly source: DataSource) {}
      async onModuleInit() {
        await this.boss.work<{ jar: number }>('fill', ([job]) => this.fill(job.data.jar));
      }
      private async fill(jar: number) {
        await this.source.query('UPDATE jars SET grams = 3 WHERE id = $1', [jar]);
      }
    }
"""


def test_a_worker_that_starts_with_its_module(tmp_path: Path) -> None:
    read = charted(tmp_path, {"package.json": PACKAGE, "src/filler.ts": WORKER})
    (path,) = [one for one in read.paths if one.entry.kind == "job"]
    assert (path.entry.queue, kinds(path)) == ("fill", ["update jars"])


def test_an_instance_that_takes_long_to_make_leaves_others_whole(tmp_path: Path) -> None:
    many = "\n".join(f"this.x{number} = {number};" for number in range(3_100))
    text = f"""
        import {{ Controller, Injectable, Post }} from '@nestjs/common';
        import {{ DataSource }} from 'typeorm';

        @Injectable()
        export class Large {{
          constructor() {{ {many} }}
        }}

        @Injectable()
        export class Small {{
          constructor(private readonly source: DataSource) {{}}
          async fill() {{ await this.source.query('UPDATE jars SET grams = 3'); }}
        }}

        @Controller('jars')
        export class Jars {{
          constructor(private readonly large: Large, private readonly small: Small) {{}}
          @Post()
          async fill() {{ await this.small.fill(); }}
        }}
    """
    path = path_of(charted(tmp_path, {"package.json": PACKAGE, "src/jars.ts": text}), "POST /jars")
    assert kinds(path) == ["update jars"]
