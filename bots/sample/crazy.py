"""Curves over the field and reverses wherever it hits something."""

from beepsim.robots import AdvancedRobot, HitRobotEvent, HitWallEvent, ScannedRobotEvent, TurnCompleteCondition


class Crazy(AdvancedRobot):
    def run(self) -> None:
        while True:
            self.set_ahead(40000)
            self.moves_forward = True
            # Orders act together: the robot drives on while it turns.
            self.set_turn_right(90)
            self.wait_for(TurnCompleteCondition(self))
            self.set_turn_left(180)
            self.wait_for(TurnCompleteCondition(self))
            self.set_turn_right(180)
            self.wait_for(TurnCompleteCondition(self))

    def on_hit_wall(self, event: HitWallEvent) -> None:
        self.reverse()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        if event.is_my_fault():
            self.reverse()

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(1)

    def reverse(self) -> None:
        if self.moves_forward:
            self.set_back(40000)
            self.moves_forward = False
        else:
            self.set_ahead(40000)
            self.moves_forward = True
