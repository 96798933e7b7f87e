from tools.cloud.cli import main

main()
