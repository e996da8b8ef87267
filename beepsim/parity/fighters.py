"""Our bots in the battle of a trace: they are called turn by turn, by plain calls, for a checker need not be fast."""

from pathlib import Path

from beepsim.battle import names_of
from beepsim.engine.rounds import may_run
from beepsim.engine.state import ADVANCED, DEAD, World
from beepsim.errors import UserError
from beepsim.robots.crew import new_crew, show, take
from beepsim.robots.exchange import CALL_ALWAYS, INNOCENT
from beepsim.robots.host import Host
from beepsim.robots.loader import BASES, ROBOT, Bot, list_bots, load_bot, load_part, named_file, robot_class
from beepsim.robots.prepare import new_memory


def kind_of(name: str) -> int:
    """JUNIOR, STANDARD or ADVANCED: the type of our bot of that name, advanced for any other."""
    path = named_file(name)
    return ADVANCED if path is None else BASES.get(load_part(path).base, ADVANCED)


def load_fighters(trace: Path, names: list[str]) -> list[Bot]:
    """Our bots by the names in a trace's header. UserError where one is not there, or is no class."""
    for name in names:
        path = named_file(name)
        if path is None or load_part(path).kind != ROBOT:
            raise UserError(f"{trace}: robot '{name}' is not among our bots ({', '.join(list_bots()[ROBOT])})")
    return [load_bot(name) for name in names]


class Fighters:
    """The hosts of all robots of a world, and the crew through which the world and they speak."""

    def __init__(self, bots: list[Bot], world: World) -> None:
        self.world = world
        self.crew = new_crew(bots, [new_memory(bot) for bot in bots], world, int(world.random[0]), is_compiled=False)
        names = names_of(bots)
        hidden = bool(world.rules[0].hide_enemy_names)
        self.hosts = [
            Host(
                robot_class(bot.parts[0]),
                robot,
                [f"#{other}" if hidden and other != robot else name for other, name in enumerate(names)],
                self.crew,
                world,
            )
            for robot, bot in enumerate(bots)
        ]

    def start_round(self) -> None:
        self.crew.waits[:], self.crew.verdicts[:] = CALL_ALWAYS, INNOCENT
        for host in self.hosts:
            host.start_round()

    def give_orders(self) -> list[bool]:
        """Every robot that may run does so, in the engine's order; who gave orders [R]."""
        gave = [False] * len(self.hosts)
        for robot in self.world.run_order.tolist():
            if may_run(self.world, robot):
                try:
                    self.hosts[robot].run(show(self.world, self.crew, robot))
                except Exception as error:  # the host's own: no fault of the trace, nor of the bot
                    raise RuntimeError(f"robot {robot} cannot be run") from error
                if self.world.robots[robot]["state"] != DEAD:
                    take(self.world, self.crew, robot)
                    gave[robot] = True
        return gave

    def faults(self) -> list[str | None]:
        """What each robot did wrong last [R]: nothing, we hope."""
        return [host.faults[-1].message if host.faults else None for host in self.hosts]

    def end_round(self) -> None:
        for host in self.hosts:
            host.end_round()

    def close(self) -> None:
        for host in self.hosts:
            host.close()
