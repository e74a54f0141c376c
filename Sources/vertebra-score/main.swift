import ScoreCommands

ScoreCommand.runAsProgram()
