import ScoreCommands

ScoreCommand.main()
