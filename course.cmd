@echo off
rem The command course, whether or not its environment is active. Elsewhere: the file course.
set "own=%~dp0.venv\Scripts\course.exe"
if exist "%own%" (
    "%own%" %*
    exit /b
)
where /q course.exe
if errorlevel 1 (
    echo The course is not set up in %~dp0: see README, or activate its environment. 1>&2
    exit /b 1
)
course.exe %*
